// Goal: failures delay further attempts more and more, are forgotten with time, and cannot be outrun in parallel.
import { FailureCounter } from '../../server/limits/failure-counter';
import { RecentMap } from '../../server/limits/recent-map';

const policy = { freeFailures: 3, forgetMs: 60_000, delayMsMax: 8_000 };
const startMs = 1_700_000_000_000;

let counter: FailureCounter;
beforeEach(() => {
  counter = new FailureCounter(policy);
});

function fail(times: number, atMs = startMs, key = 'ana'): void {
  for (let count = 0; count < times; count += 1) {
    counter.begin(key);
    counter.fail(key, atMs);
  }
}

test('the first failures are free, then each doubles the delay, up to the longest', () => {
  const delays = [];
  for (let count = 0; count < 8; count += 1) {
    delays.push(counter.waitMs('ana', startMs));
    fail(1);
  }
  expect(delays).toEqual([0, 0, 0, 1_000, 2_000, 4_000, 8_000, 8_000]);
  expect(counter.waitMs('budi', startMs)).toBe(0);
});

test('it says when it begins to hold back, and only then', () => {
  const told = Array.from({ length: 5 }, () => {
    counter.begin('ana');
    return counter.fail('ana', startMs);
  });
  expect(told).toEqual([false, false, true, false, false]);
});

test('after the delay one attempt is let in, and its outcome decides about the next', () => {
  fail(3);
  expect(counter.waitMs('ana', startMs + 400)).toBe(600);
  expect(counter.waitMs('ana', startMs + 1_000)).toBe(0);
  counter.begin('ana');
  expect(counter.waitMs('ana', startMs + 1_000)).toBeGreaterThan(0);
  counter.fail('ana', startMs + 1_000);
  expect(counter.waitMs('ana', startMs + 1_000)).toBe(2_000);
});

test('attempts under way count: as many begin at once as may fail one after the other', () => {
  fail(1);
  let begun = 0;
  while (counter.waitMs('ana', startMs) === 0) {
    counter.begin('ana');
    begun += 1;
  }
  expect(begun).toBe(2);
  counter.end('ana');
  expect(counter.waitMs('ana', startMs)).toBe(0);
});

test('who has no failure may begin several at once, but not any number', () => {
  let begun = 0;
  while (counter.waitMs('ana', startMs) === 0) {
    counter.begin('ana');
    begun += 1;
  }
  expect(begun).toBe(16);
  for (let count = 0; count < begun; count += 1) counter.end('ana');
  expect(counter.waitMs('ana', startMs)).toBe(0);
  expect([...counter.entries(startMs)]).toEqual([]);
});

test('failures are forgotten one by one, and a count has a most', () => {
  fail(100);
  const [entry] = counter.entries(startMs);
  expect(entry).toMatchObject({ key: 'ana', failures: 6, isHeldBack: true, waitMs: 8_000 });
  expect(counter.waitMs('ana', startMs + 8_000)).toBe(0);
  fail(1, startMs + 4 * 60_000);
  // Two of the six were left.
  expect(counter.waitMs('ana', startMs + 4 * 60_000)).toBe(1_000);
  expect([...counter.entries(startMs + 7 * 60_000)]).toEqual([]);
});

test('a clock that is set back makes nobody wait longer than the longest delay', () => {
  fail(100);
  expect(counter.waitMs('ana', startMs - 1e12)).toBe(8_000);
});

test('a cleared key begins anew', () => {
  fail(3);
  expect(counter.clear('ana')).toBe(true);
  expect(counter.waitMs('ana', startMs)).toBe(0);
  expect(counter.clear('ana')).toBe(false);
});

test('house-keeping drops what is forgotten and keeps the rest', () => {
  fail(1, startMs, 'old');
  fail(1, startMs + 60_000, 'new');
  counter.begin('busy');
  counter.keepHouse(startMs + 60_001);
  expect([...counter.entries(startMs + 60_001)].map(({ key }) => key)).toEqual(['new']);
  counter.fail('busy', startMs + 60_001);
  expect([...counter.entries(startMs + 60_001)].map(({ key }) => key)).toEqual(['new', 'busy']);
});

test('any number of keys takes a bounded place, and who is held back is kept longest', () => {
  fail(3, startMs, 'victim');
  for (let number = 0; number < 40_000; number += 1) fail(1, startMs, `name${number}`);
  const keys = [...counter.entries(startMs)].map(({ key }) => key);
  expect(keys.length).toBe(16_384);
  expect(keys).toContain('victim');
});

test('a map that is full of what is worth keeping still takes new entries, in place of the oldest', () => {
  const map = new RecentMap<number>(20, () => true);
  for (let number = 0; number < 100; number += 1) map.set(String(number), number);
  expect(map.size).toBe(20);
  expect(map.get('99')).toBe(99);
});
