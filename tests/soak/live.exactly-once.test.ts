// Goal: whatever is killed or cut, every message posted is handled and acknowledged exactly once by each receiver.
import { cleanUp } from '../support/clean-up';
import { liveStorm } from '../support/live-storm';

const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);

afterAll(cleanUp);

test(`200 clients, 10 kills, cut connections (seed ${seed})`, async () => {
  const totals = await liveStorm({ clients: 200, kills: 10, postsPerClient: 60, seed });
  process.stdout.write(`live storm: ${JSON.stringify(totals)}\n`);
  expect(totals.violations).toEqual([]);
  expect(totals.kills).toBe(10);
  expect(totals.offlines).toBeGreaterThan(200);
}, 1_800_000);
