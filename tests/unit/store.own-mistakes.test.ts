/** Goal: our own mistakes are stopped where they are made, before they can damage the store or block a thread. */
import { computeLayout, readLayout, writeHeader } from '../../shared/store/layout';
import { lockNumber } from '../../shared/store/lock-numbers';
import { threadSlot } from '../../shared/store/thread-slot';
import { Locks } from '../../shared/store/lock';
import { createStore, Store } from '../../shared/store/store';
import { Transaction } from '../../shared/store/transaction';
import { LoneMemory } from '../support/crashing-memory';
import { ignoreLongWaits } from '../support/store-values';

const capacity = { threadsMax: 2, usersMax: 4, sessionsMax: 4, blocksMax: 10, inboxMessagesMax: 5 };

function fresh(): { memory: LoneMemory; locks: Locks; transaction: Transaction } {
  const memory = new LoneMemory(createStore(capacity));
  const layout = readLayout(memory.words);
  return {
    memory,
    locks: new Locks(memory, layout, 1, layout.threadSlots, ignoreLongWaits),
    transaction: new Transaction(memory, layout.threadSlots),
  };
}

test('locks are taken in ascending order only', () => {
  const { locks } = fresh();
  locks.acquire(lockNumber.userStripe + 3);
  expect(() => {
    locks.acquire(lockNumber.sessionStripe + 5);
  }).toThrow('while holding a later one');
  expect(() => {
    locks.acquire(lockNumber.userStripe + 3);
  }).toThrow('while holding a later one');
  locks.acquire(lockNumber.activeList);
  locks.releaseAll();
  locks.acquire(lockNumber.sessionStripe + 5);
  locks.releaseAll();
});

test('a lock that was taken from under its owner is not released in silence', () => {
  const { memory, locks } = fresh();
  locks.acquire(lockNumber.activeList);
  const { locks: lockRegion } = readLayout(memory.words);
  memory.words[lockRegion + lockNumber.activeList * 16] = 2 << 1;
  expect(() => {
    locks.release();
  }).toThrow('held by 2');
});

test('a transaction that changes more words than its log holds is stopped before the word is changed', () => {
  const { memory, transaction } = fresh();
  const { users } = readLayout(memory.words);
  for (let word = 0; word < threadSlot.undoMax; word += 1) transaction.set(users + word, 7);
  expect(() => {
    transaction.set(users + threadSlot.undoMax, 7);
  }).toThrow('undo log');
  expect(memory.read(users + threadSlot.undoMax)).toBe(0);
  transaction.rollback();
  expect(memory.words.subarray(users, users + threadSlot.undoMax).every((word) => word === 0)).toBe(true);
});

test('a word that a transaction changes twice goes back to what it was at first', () => {
  const { memory, transaction } = fresh();
  const { users } = readLayout(memory.words);
  transaction.set(users, 1);
  transaction.add(users, 5);
  expect(memory.read(users)).toBe(6);
  transaction.rollback();
  expect(memory.read(users)).toBe(0);
  transaction.set(users, 2);
  transaction.commit();
  transaction.rollback();
  expect(memory.read(users)).toBe(2);
});

test('a thread too many cannot attach', () => {
  const memory = new LoneMemory(createStore(capacity));
  Store.attach(memory, 1, ignoreLongWaits);
  Store.attach(memory, 2, ignoreLongWaits);
  expect(() => Store.attach(memory, 3, ignoreLongWaits)).toThrow('all 2 thread slots');
});

test('memory that is no store, of another version, or cut short is not attached to', () => {
  const layout = computeLayout(capacity);
  const words = new Int32Array(layout.totalWords);
  expect(() => readLayout(words)).toThrow('not a store');
  writeHeader(words, layout);
  expect(readLayout(words)).toEqual(layout);
  expect(() => readLayout(words.subarray(0, -16))).toThrow('does not fit');
  words[1] = 1;
  expect(() => readLayout(words)).toThrow('layout version 1');
});

test('the regions of a layout follow one another without overlap, each on a cache line of its own', () => {
  const layout = computeLayout({ ...capacity, usersMax: 3_000, sessionsMax: 5_001 });
  const { locks, threadSlots, userBuckets, users, sessionBuckets, sessions, blocks, totalWords } = layout;
  const starts = [locks, threadSlots, userBuckets, users, sessionBuckets, sessions, blocks, totalWords];
  expect([...starts].sort((one, other) => one - other)).toEqual(starts);
  expect(starts.filter((start) => start % 16 !== 0)).toEqual([]);
  expect([layout.userBucketCount, layout.sessionBucketCount]).toEqual([4_096, 8_192]);
});

test('a store larger than one SharedArrayBuffer can be indexed is refused', () => {
  expect(() => computeLayout({ ...capacity, blocksMax: 40_000_000 })).toThrow(
    'more than one SharedArrayBuffer',
  );
});
