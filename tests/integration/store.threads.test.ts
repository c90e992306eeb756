/** Goal: real threads that do everything at once lose nothing, double nothing, and leave the store whole. */
import { HammeredStore, type HammerShape } from '../support/hammered-store';

const roomy = { usersMax: 4_000, sessionsMax: 4_000, blocksMax: 120_000, inboxMessagesMax: 100_000 };
const tight = { usersMax: 40, sessionsMax: 30, blocksMax: 1_500, inboxMessagesMax: 12 };

async function hammer(shape: Omit<HammerShape, 'seed' | 'threads' | 'receivers'>): Promise<HammeredStore> {
  const seed = Date.now() % 65_536;
  const hammered = await HammeredStore.after({ ...shape, threads: 4, receivers: 6, seed });
  const outcomes = Object.entries(hammered.outcomes).map(([key, count]) => `${key} ${count}`);
  process.stdout.write(`hammered, seed ${seed}: ${outcomes.sort().join(', ')}\n`);
  return hammered;
}

function expectWhole(hammered: HammeredStore): void {
  expect(hammered.audit.findings).toEqual([]);
  expect(hammered.violations()).toEqual([]);
  // A wait of a second for a lock that is held for microseconds is a wake-up that was missed.
  expect(hammered.answers.map(({ longWaits }) => longWaits)).toEqual([0, 0, 0, 0]);
}

test('a store with room for everything: every message arrives once, in order, whoever takes it', async () => {
  const hammered = await hammer({ mix: 'messages', capacity: roomy, operations: 8_000, accessesPerPause: 0 });
  expectWhole(hammered);
  expect(Object.keys(hammered.outcomes).join()).not.toMatch(/FULL/);
});

test('a store that is always nearly full refuses whole operations and loses no block', async () => {
  const hammered = await hammer({ mix: 'messages', capacity: tight, operations: 8_000, accessesPerPause: 0 });
  expectWhole(hammered);
  expect(hammered.outcomes).toMatchObject({
    'send INBOX_FULL': expect.any(Number) as number,
    'openSession STORE_FULL': expect.any(Number) as number,
    'createUser STORE_FULL': expect.any(Number) as number,
  });
});

test.each(['messages', 'sessions'] as const)(
  'threads that stop anywhere for a moment, holding locks, are waited for: %s',
  async (mix) => {
    const hammered = await hammer({ mix, capacity: roomy, operations: 700, accessesPerPause: 30 });
    expectWhole(hammered);
  },
);

test('users who come and go at once are listed while they are there, and then no more', async () => {
  const hammered = await hammer({ mix: 'sessions', capacity: roomy, operations: 8_000, accessesPerPause: 0 });
  expectWhole(hammered);
});
