/** Goal: positions counted in full are what was stored, however far they move at once, and whenever they are looked at. */
import { header } from '../../shared/store/header';
import { loadPosition, storePosition } from '../../shared/store/full-position';
import { JournalReader } from '../../shared/store/journal-reader';
import { Memory } from '../../shared/store/memory';
import { createStore } from '../../shared/store/store';

const words = { low: header.ringSynced, span: header.ringSyncedSpan };
const capacity = { threadsMax: 1, usersMax: 1, sessionsMax: 1, blocksMax: 100, inboxMessagesMax: 1 };
const positions = [-(2 ** 45), -(2 ** 31) - 1, -1, 0, 1, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 2 ** 52];

function freshMemory(): Memory {
  return new Memory(createStore(capacity));
}

test.each(positions)('%d', (position) => {
  const memory = freshMemory();
  storePosition(memory, words, position);
  expect(loadPosition(memory, words)).toBe(position);
  expect(memory.load(words.low)).toBe(position | 0);
});

test.each([2 ** 24, 2 ** 31, 2 ** 32])(
  'between the two stores at %d it is the earlier one or the later',
  (edge) => {
    const [before, after] = [edge - 3, edge + 4];
    const memory = freshMemory();
    storePosition(memory, words, before);
    let seen: number | undefined;
    const store = memory.store.bind(memory);
    jest.spyOn(memory, 'store').mockImplementation((word, value) => {
      if (word === words.low) seen = loadPosition(memory, words);
      store(word, value);
    });
    storePosition(memory, words, after);
    expect(seen).toBe(before);
    expect(loadPosition(memory, words)).toBe(after);
  },
);

test('one that moves 2^32 words while it is looked at is read again', () => {
  const memory = freshMemory();
  storePosition(memory, words, 7);
  const load = memory.load.bind(memory);
  jest.spyOn(memory, 'load').mockImplementationOnce((word) => {
    const value = load(word);
    storePosition(memory, words, 2 ** 32 + 2 ** 31 + 9);
    return value;
  });
  expect(loadPosition(memory, words)).toBe(2 ** 32 + 2 ** 31 + 9);
});

test('what is acknowledged is counted from what is synced', () => {
  const reader = new JournalReader(freshMemory());
  reader.markSynced(2 ** 33 - 10);
  reader.markDurable((2 ** 33 + 20) | 0);
  expect(reader.durableInFull).toBe(2 ** 33 + 20);
});
