/**
 * Goal: in whatever order threads make their steps, and after whichever of them one dies, one thread at a time holds a
 * lock, nobody sees half of a change, nobody sleeps for ever and recovery leaves the locks free. Time never passes: what
 * only a timeout would mend is a violation.
 */
import type { Interleavings } from '../support/lock-interleavings';
import type { InterleavingRequest } from '../support/lock-interleavings-worker';
import type { LockFlaw, LockShape } from '../support/lock-scenarios';
import { answersOf } from '../support/compiled-worker';

async function explore(request: InterleavingRequest): Promise<Interleavings> {
  const [interleavings] = await answersOf<Interleavings>('lock-interleavings-worker.js', [request]);
  return interleavings!;
}

test.each<[LockShape, Partial<InterleavingRequest>]>([
  ['lock', {}],
  ['own locks, one ring', {}],
  ['lock and ring', {}],
  ['lock', { threads: 3, switchesMax: 1 }],
  ['lock', { threads: 3, switchesMax: 3, killsMax: 0 }],
  ['lock and ring', { threads: 3, switchesMax: 2, killsMax: 0 }],
])(
  '%s %p',
  async (shape, bounds) => {
    const request = {
      shape,
      threads: 2,
      switchesMax: Infinity,
      killsMax: 1,
      flaw: 'none',
      ...bounds,
    } as const;
    const { violations, states, schedules, deaths } = await explore(request);
    const bound = request.switchesMax === Infinity ? 'all' : `at most ${request.switchesMax} forced switches`;
    process.stdout.write(
      `${shape}, ${request.threads} threads, ${bound}: ${schedules.toPrecision(3)} schedules through ${states} states, ` +
        `${deaths} deaths, ${violations.length} violations\n`,
    );
    expect(violations).toEqual([]);
    expect(schedules).toBeGreaterThan(1_000);
    expect(deaths > 0).toBe(request.killsMax === 1);
  },
  120_000,
);

describe('the exploration notices when', () => {
  test.each<[LockFlaw, RegExp, LockShape, Partial<InterleavingRequest>]>([
    ['recovery wakes nobody', /nobody is left to wake/, 'lock', {}],
    ['recovery undoes nothing', /half of a change|torn/, 'lock', {}],
    ['recovery frees the locks before it undoes', /half of a change|torn|made 1 changes/, 'lock', {}],
    ['the intended position is not written down', /changes, but the ring ends at/, 'lock and ring', {}],
    ['release wakes nobody', /nobody is left to wake/, 'lock', { killsMax: 0 }],
    [
      'who has slept takes the lock as uncontended',
      /nobody is left to wake/,
      'lock',
      { threads: 3, switchesMax: 2, killsMax: 0 },
    ],
  ])(
    '%s',
    async (flaw, violation, shape, bounds) => {
      const request = { shape, threads: 2, switchesMax: Infinity, killsMax: 1, flaw, ...bounds } as const;
      const { violations } = await explore(request);
      expect(violations).toEqual(expect.arrayContaining([expect.stringMatching(violation)]));
    },
    120_000,
  );
});
