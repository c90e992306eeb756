// Goal: a server killed at any moment under load has lost nothing that it acknowledged, and nothing is there twice.
import { cpSync, rmSync } from 'node:fs';
import { cleanUp } from '../support/clean-up';
import { DurableServer } from '../support/durable-server';
import { killInRounds, loadAndKill } from '../support/kill-rounds';
import { RandomNumbers } from '../support/random-numbers';

const roundCount = 20;
const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);

afterAll(cleanUp);

test(`${roundCount} rounds of 24 connections, SIGKILL, restart: all is as it was acknowledged (seed ${seed})`, async () => {
  const server = await DurableServer.start();
  const beforeMs = performance.now();
  const totals = await killInRounds(server, roundCount, seed);
  process.stdout.write(
    `killed in rounds, ${Math.round(performance.now() - beforeMs)} ms: ${JSON.stringify(totals)}\n`,
  );
  expect(server.violations).toEqual([]);
  expect(totals.rounds).toBe(roundCount);
  expect(totals.acknowledged).toBeGreaterThan(roundCount * 50);
  expect((await server.process.stop()).code).toBe(0);
  await server.judgeHistory();
  expect(server.violations).toEqual([]);
  await server.remove();
}, 240_000);

test('a disk that forgets what it said it had is noticed: the comparison can fail', async () => {
  const server = await DurableServer.start();
  await server.process.stop();
  const earlier = server.folder.file('earlier');
  cpSync(server.data, earlier, { recursive: true });
  await server.restart();
  await loadAndKill(server, new RandomNumbers(seed));
  rmSync(server.data, { recursive: true });
  cpSync(earlier, server.data, { recursive: true });
  await server.restart();
  await server.judgeInboxes();
  expect(server.violations.join('\n')).toMatch(/^lost: m\d+\.\d+/);
  await server.remove();
}, 60_000);
