// Goal: a fleet of 1,000 clients goes through restarts with nothing lost or doubled.
import { cleanUp } from '../support/clean-up';
import { liveStorm } from '../support/live-storm';

const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);

afterAll(cleanUp);

test(`1,000 clients, 2 restarts (seed ${seed})`, async () => {
  const totals = await liveStorm({ clients: 1_000, kills: 2, postsPerClient: 4, seed, isGentle: true });
  process.stdout.write(`restarts: ${JSON.stringify(totals)}\n`);
  expect(totals.violations).toEqual([]);
  expect(totals.offlines).toBeGreaterThan(1_000);
}, 1_800_000);
