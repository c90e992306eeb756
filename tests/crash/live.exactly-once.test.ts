// Goal: whatever is killed or cut, every message posted is handled and acknowledged exactly once by each receiver.
import { cleanUp } from '../support/clean-up';
import { liveStorm } from '../support/live-storm';

const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);

afterAll(cleanUp);

test(`20 clients, 3 kills, cut connections (seed ${seed})`, async () => {
  const totals = await liveStorm({ clients: 20, kills: 3, postsPerClient: 30, seed });
  process.stdout.write(`live storm: ${JSON.stringify(totals)}\n`);
  expect(totals.violations).toEqual([]);
  expect(totals.kills).toBe(3);
  expect(totals.offlines).toBeGreaterThan(20);
}, 180_000);
