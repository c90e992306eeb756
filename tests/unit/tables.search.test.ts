/** Goal: searches of much history: signatures over several pages, limits and ends at every place, what is forgotten. */
import { WrittenTables, writtenAtMs as nowMs } from '../support/written-tables';
import type { Tables } from '../../workers/tables/tables';
import { searchWordsOf } from '../../workers/tables/search';

const dayMs = 24 * 3_600_000;
const userCount = 200;
const runMessages = 20_000;

let written: WrittenTables;
let tables: Tables;
let sequence: number;

beforeEach(async () => {
  written = await WrittenTables.open();
  ({ tables } = written);
  sequence = 0;
  written.writeUsers(userCount);
  written.apply();
});
afterEach(async () => {
  await written.remove();
});

/** Everybody writes to everybody: message `n` holds `every` and the words of its number by 10 and by 1,000. */
function chat(count: number, atMs: number): void {
  for (let index = 0; index < count; index += 1) {
    sequence += 1;
    const sender = 1 + (sequence % userCount);
    const receiver = 1 + ((sequence * 7) % userCount);
    const text = `every ten${sequence % 10} thousand${sequence % 1_000}`;
    written.writer.message(receiver, sender, sequence, atMs, text);
  }
  written.apply(atMs);
}

function expected(user: number, divisor: number, rest: number): number[] {
  const found: number[] = [];
  for (let number = sequence; number >= 1; number -= 1) {
    const isOwn = 1 + (number % userCount) === user || 1 + ((number * 7) % userCount) === user;
    if (isOwn && number % divisor === rest) found.push(number);
  }
  return found;
}

function search(user: number, words: string, limit: number, before = Infinity): number[] {
  const query = { user, rooms: [], words: searchWordsOf(words), conversation: undefined, limit, before };
  return tables.search(query).messages.map((message) => message.sequence);
}

test('large runs and small ones: every limit, every beginning', () => {
  chat(runMessages, nowMs);
  for (let run = 0; run < 30; run += 1) chat(7, nowMs);
  chat(runMessages, nowMs + dayMs);
  expect(tables.check()).toEqual([]);
  for (const user of [1, 2, 77, userCount]) {
    const all = expected(user, 1, 0);
    for (const limit of [1, 2, 49, all.length - 1, all.length, all.length + 1])
      expect(search(user, 'every', limit)).toEqual(all.slice(0, limit));
    for (const before of [1, 2, runMessages, runMessages + 3, runMessages + 210, runMessages + 211])
      expect(search(user, 'every', 30, before)).toEqual(all.filter((number) => number < before).slice(0, 30));
    for (const rest of [1, 3, 9]) {
      expect(search(user, `ten${rest}`, 10_000)).toEqual(expected(user, 10, rest));
      expect(search(user, `TEN${rest} thousand${rest}`, 10_000)).toEqual(expected(user, 1_000, rest));
      expect(search(user, `ten${rest} thousand${rest + 1}`, 10_000)).toEqual([]);
    }
  }
  expect(search(userCount + 1, 'every', 10)).toEqual([]);
});

test('a search that is ended early says how far it came, and goes on from there', () => {
  for (let run = 0; run < 3; run += 1) chat(5_000, nowMs + run * dayMs);
  const found: number[] = [];
  let [before, turns] = [Infinity, 0];
  do {
    const query = {
      user: 5,
      rooms: [],
      words: searchWordsOf('thousand4'),
      conversation: undefined,
      limit: 50,
    };
    const { messages, reached } = tables.search({ ...query, before, isOver: () => true });
    found.push(...messages.map((message) => message.sequence));
    before = reached;
    turns += 1;
  } while (before > 0);
  expect(turns).toBeGreaterThan(2);
  expect(found).toEqual(expected(5, 1_000, 4));
});

/** Searches for a word, each time over at once, until there is nothing before; `looks` counts the chunks opened. */
function searchInTurns(user: number, word: string): { found: number[]; turns: number; looks: number } {
  const found: number[] = [];
  let [before, turns, looks] = [Infinity, 0, 0];
  const isOver = (): boolean => {
    looks += 1;
    return true;
  };
  do {
    const words = searchWordsOf(word);
    const query = { user, rooms: [], words, conversation: undefined, limit: 1_000, before, isOver };
    const { messages, reached } = tables.search(query);
    expect(reached).toBeLessThan(before);
    found.push(...messages.map((message) => message.sequence));
    before = reached;
    turns += 1;
  } while (before > 0);
  return { found, turns, looks };
}

/** Messages of user 1, long enough for four in a chunk, to so many others by turns, in one run. */
function speak(count: number, receivers: number): number[] {
  const rest = 'x '.repeat(1_900);
  for (let number = 1; number <= count; number += 1)
    written.writer.message(2 + (number % receivers), 1, number, nowMs, `every ${rest}`);
  written.apply();
  return Array.from({ length: count }, (_, index) => count - index);
}

test('a search is ended early within a long run, too', () => {
  const all = speak(200, 1);
  const { found, turns } = searchInTurns(1, 'every');
  expect(found).toEqual(all);
  expect(turns).toBeGreaterThan(40);
});

test.each([2, 10, 50])(
  'of a run of %d conversations at once no chunk is opened over and over',
  (receivers) => {
    const all = speak(800, receivers);
    const { found, looks } = searchInTurns(1, 'every');
    expect(found).toEqual(all);
    // Of each chunk, and the end of the group.
    expect(looks).toBeLessThanOrEqual(2 * (800 / 4 + receivers) + 1);
  },
);

test('what is forgotten is not found, also while it is being forgotten', () => {
  chat(3_000, nowMs);
  chat(100, nowMs + 2 * dayMs);
  const kept = expected(9, 1, 0).filter((number) => number > 3_000);
  expect(search(9, 'every', 1_000).length).toBeGreaterThan(kept.length);
  while (tables.expireHistory(nowMs + dayMs, 10) > 0) {
    expect(search(9, 'every', 1_000)).toEqual(kept);
    expect(tables.check()).toEqual([]);
  }
});

test('however many words are wanted, a step for each word of a text is all that it takes', () => {
  const [messages, wordCount] = [20, 300];
  const words = Array.from({ length: wordCount }, (_, index) => (index + 1_000).toString(36));
  // All that is wanted, in the worst order, but for one word, which others in the chunk hold.
  for (let number = 1; number <= messages; number += 1)
    written.writer.message(2, 1, number, nowMs, words.filter((_, index) => index !== number).join(' '));
  written.apply();
  let looks = 0;
  const wanted = searchWordsOf([...words].reverse().join(' ')).map(({ hash, word }) => ({
    word,
    get hash(): number {
      looks += 1;
      return hash;
    },
  }));
  const query = { user: 1, rooms: [], conversation: undefined, limit: 50, before: Infinity };
  expect(tables.search({ ...query, words: wanted }).messages).toEqual([]);
  // Once for all, and once for each chunk's signature. For each word of each text it would be a million.
  expect(looks).toBeLessThanOrEqual(wordCount * (1 + messages));
});
