// Goal: when more `history` and `search` are asked for than wait at a time, the places are shared: nobody gets none.
import pino from 'pino';
import { HistoryLane } from '../../server/history-lane';

const placesMax = 64;
const placesOfUserMax = 8;
const log = pino({ level: 'silent' });

/** A lane whose jobs wait until it is let go, and then are all answered with BUSY; no thread is started. */
function heldLane(): {
  ask: (user: number, count?: number) => void;
  busyOf: Map<number, number>;
  end: () => Promise<void>;
} {
  let letGo = (): void => undefined;
  const caughtUp = new Promise<void>((_, reject) => {
    letGo = (): void => {
      reject(new Error('the lane is stopped'));
    };
  });
  const lane = new HistoryLane('/nowhere', () => caughtUp, log);
  const busyOf = new Map<number, number>();
  const running: Promise<void>[] = [];
  const ask = (user: number, count = 1): void => {
    for (let job = 0; job < count; job += 1)
      running.push(
        lane.run({ kind: 'history', user, peer: 1, limit: 1, before: undefined }).then(() => {
          busyOf.set(user, (busyOf.get(user) ?? 0) + 1);
        }),
      );
  };
  const end = async (): Promise<void> => {
    await lane.stop();
    letGo();
    await Promise.all(running);
  };
  return { ask, busyOf, end };
}

/** Lets all promises that are settled be heard of. */
const settled = (): Promise<void> => new Promise(setImmediate);

test('a user who has none of the places gets one of those who have the most; who has as many as they does not', async () => {
  const { ask, busyOf, end } = heldLane();
  // The first job is under way; the others of the crowd take all places.
  ask(1);
  for (let user = 2; user < 2 + placesMax / placesOfUserMax; user += 1) ask(user, placesOfUserMax);
  await settled();
  expect(busyOf.size).toBe(0);
  ask(100, placesOfUserMax);
  await settled();
  const kept = placesOfUserMax - (busyOf.get(100) ?? 0);
  expect(kept).toBe(Math.floor(placesMax / (placesMax / placesOfUserMax + 1)));
  const crowdLosses = [...busyOf].filter(([user]) => user !== 100).map(([, count]) => count);
  expect(crowdLosses).toEqual(Array.from({ length: kept }, () => 1));
  // It has one place less than another, which is as even as it gets.
  ask(9);
  await settled();
  expect(busyOf.get(9)).toBe(2);
  await end();
});

test('as many users as there are places have one each, however many are asked for', async () => {
  const { ask, busyOf, end } = heldLane();
  ask(1);
  for (let user = 2; user < 2 + placesMax; user += 1) ask(user, placesOfUserMax);
  await settled();
  for (let user = 2; user < 2 + placesMax; user += 1)
    expect([user, busyOf.get(user)]).toEqual([user, placesOfUserMax - 1]);
  await end();
});
