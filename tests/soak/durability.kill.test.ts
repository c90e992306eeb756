// Goal: 200 times killed at any moment under load, the server has lost nothing that it acknowledged.
import { cleanUp } from '../support/clean-up';
import { DurableServer } from '../support/durable-server';
import { killInRounds } from '../support/kill-rounds';

const roundCount = 200;
const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);

afterAll(cleanUp);

test(`${roundCount} rounds of 24 connections, SIGKILL, restart: all is as it was acknowledged (seed ${seed})`, async () => {
  const server = await DurableServer.start();
  const totals = await killInRounds(server, roundCount, seed);
  process.stdout.write(`killed in rounds: ${JSON.stringify(totals)}\n`);
  expect(server.violations).toEqual([]);
  expect(totals.rounds).toBe(roundCount);
  expect((await server.process.stop()).code).toBe(0);
  await server.judgeHistory();
  expect(server.violations).toEqual([]);
  await server.remove();
}, 1_800_000);
