/** Goal: a coming or going is told once, and one that is taken back is not told at all. */
import { PresenceTracker } from '../../server/live/presence';

let told: string[];
let tracker: PresenceTracker;

beforeEach(() => {
  jest.useFakeTimers();
  told = [];
  tracker = new PresenceTracker((changes) => {
    for (const [user, state] of changes) told.push(`${user} ${state}`);
  });
});
afterEach(() => {
  tracker.stop();
  jest.useRealTimers();
});

test('the first connection of a user and the end of the last are told', () => {
  tracker.move(0, 1);
  tracker.move(0, 1);
  jest.advanceTimersByTime(60_000);
  expect(told).toEqual(['1 online']);
  tracker.move(1, 0);
  jest.advanceTimersByTime(60_000);
  expect(told).toEqual(['1 online']);
  tracker.move(1, 0);
  jest.advanceTimersByTime(60_000);
  expect(told).toEqual(['1 online', '1 offline']);
});

test('who reconnects at once was never away, and who leaves at once was never there', () => {
  tracker.move(0, 1);
  jest.advanceTimersByTime(1_000);
  tracker.move(1, 0);
  jest.advanceTimersByTime(1_000);
  tracker.move(0, 1);
  jest.advanceTimersByTime(60_000);
  tracker.move(0, 2);
  tracker.move(2, 0);
  jest.advanceTimersByTime(60_000);
  expect(told).toEqual(['1 online']);
});

test('a connection that changes its user is a going and a coming', () => {
  tracker.move(0, 1);
  jest.advanceTimersByTime(1_000);
  tracker.move(1, 2);
  jest.advanceTimersByTime(60_000);
  expect(told).toEqual(['1 online', '2 online', '1 offline']);
});
