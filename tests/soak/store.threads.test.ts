/** Goal: the promises that tests/integration holds a few threads to for seconds, held for minutes by more of them. */
import { HammeredStore } from '../support/hammered-store';
import { isLinearizable } from '../support/inbox-history';
import { recordedInboxMessagesMax, recordHistories } from '../support/recorded-histories';

const soakMs = 3 * 60_000;
const roomy = { usersMax: 60_000, sessionsMax: 60_000, blocksMax: 1_000_000, inboxMessagesMax: 1_000_000 };
const tight = { usersMax: 60, sessionsMax: 50, blocksMax: 6_000, inboxMessagesMax: 20 };

/** Runs rounds, each with a seed of its own, until the time is over; returns how many. */
async function repeat(round: (seed: number) => Promise<void>): Promise<number> {
  const deadline = Date.now() + soakMs;
  let rounds = 0;
  for (; Date.now() < deadline; rounds += 1) await round(Date.now() % 2 ** 31);
  return rounds;
}

test.each([
  ['with room for everything', 'messages', roomy, 0],
  ['with room for everything', 'sessions', roomy, 0],
  ['always nearly full', 'messages', tight, 0],
  ['always nearly full', 'sessions', tight, 0],
  ['with threads that stop anywhere', 'messages', roomy, 40],
  ['with threads that stop anywhere', 'sessions', roomy, 40],
] as const)(
  'a store %s, mostly %s, hammered by eight threads',
  async (name, mix, capacity, accessesPerPause) => {
    const operations = accessesPerPause === 0 ? 40_000 : 4_000;
    const rounds = await repeat(async (seed) => {
      const shape = { threads: 8, receivers: 8, mix, operations, capacity, accessesPerPause, seed };
      const hammered = await HammeredStore.after(shape);
      expect({ seed, findings: hammered.audit.findings }).toEqual({ seed, findings: [] });
      expect({ seed, violations: hammered.violations() }).toEqual({ seed, violations: [] });
    });
    process.stdout.write(`${name}: ${rounds} rounds of ${8 * operations} operations\n`);
  },
);

test.each([2, 3, 4, 6])('histories of %d threads on one inbox are linearizable', async (threads) => {
  let count = 0;
  await repeat(async (seed) => {
    const operationsPerRound = Math.floor(24 / threads);
    const { histories, findings } = await recordHistories({ threads, rounds: 500, operationsPerRound, seed });
    const wrong = histories.filter((history) => !isLinearizable(history, recordedInboxMessagesMax));
    expect({ seed, wrong, findings }).toEqual({ seed, wrong: [], findings: [] });
    count += histories.length;
  });
  process.stdout.write(`${count} histories of ${threads} threads\n`);
});
