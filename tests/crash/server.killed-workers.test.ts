// Goal: worker threads die at random under load from sockets, and no client loses or doubles anything, or waits for ever.
import { cleanUp } from '../support/clean-up';
import { DurableServer } from '../support/durable-server';
import { RandomNumbers } from '../support/random-numbers';
import { ServerStorm } from '../support/server-storm';

const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);

afterAll(cleanUp);

test(`30 workers terminated under load: all is as it was acknowledged (seed ${seed})`, async () => {
  const server = await DurableServer.start([], undefined, { preload: 'kill-switch.js' });
  const random = new RandomNumbers(seed);
  const storm = new ServerStorm(server, random);
  const totals = await storm.rage({ role: 'command', kills: 30, pauseMsMax: 250 });
  process.stdout.write(`workers terminated: ${JSON.stringify(totals)}\n`);
  expect(storm.violations).toEqual([]);
  await server.judgeInboxes();
  await server.judgeAccounts(random);
  expect(server.violations).toEqual([]);
  expect(totals.kills).toBeGreaterThanOrEqual(30);
  expect(totals.acknowledged).toBeGreaterThan(300);
  expect(totals.histories).toBeGreaterThan(5);
  expect((await server.process.stop()).code).toBe(0);
  await server.judgeHistory();
  expect(server.violations).toEqual([]);
  await server.remove();
}, 120_000);
