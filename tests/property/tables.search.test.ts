/** Goal: a search finds exactly what reading everything would find, in order, whatever the runs that brought it. */
import fc from 'fast-check';
import { escapeText } from '../../shared/protocol/json-ascii';
import { WrittenTables, writtenAtMs as nowMs } from '../support/written-tables';
import { conversationWith } from '../../workers/tables/keys';
import { searchWordsOf, type SearchQuery } from '../../workers/tables/search';
import type { Tables } from '../../workers/tables/tables';

const userCount = 6;
const roomCount = 3;
const hourMs = 3_600_000;

const vocabulary = [
  'halo',
  'HALO',
  'bola',
  'gol',
  'Čaj',
  'čaj',
  '世',
  '世界',
  '😀',
  'a',
  '7',
  'kata-kata',
  '"kutip"',
  '…',
];
const text = fc
  .array(fc.constantFrom(...vocabulary), { minLength: 1, maxLength: 6 })
  .map((words) => words.join(' '));
const user = fc.integer({ min: 1, max: userCount });
/** A user, or a room as its negative number. */
const party = fc.oneof(
  { weight: 3, arbitrary: user },
  { weight: 1, arbitrary: fc.integer({ min: -roomCount, max: -1 }) },
);
const message = fc.record({
  sender: user,
  receiver: party,
  text,
  /** Said so many times: many make a conversation loud. */
  count: fc.oneof(
    { weight: 9, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.integer({ min: 2, max: 40 }) },
  ),
});
/** Hours between runs part them into several partitions. */
const run = fc.record({ messages: fc.array(message, { minLength: 1, maxLength: 30 }), hours: fc.nat(30) });
const query = fc.record({
  user,
  rooms: fc.uniqueArray(fc.integer({ min: 1, max: roomCount })),
  peer: fc.option(party, { nil: undefined }),
  words: fc.array(fc.constantFrom(...vocabulary, 'nirwana'), { minLength: 1, maxLength: 2 }),
  limit: fc.integer({ min: 1, max: 20 }),
});

interface Said {
  readonly sequence: number;
  readonly sender: number;
  readonly receiver: number;
  readonly text: string;
}

/** The words of a text, told in another way than the product does. */
function plainWords(said: string): string[] {
  return (
    said.match(/\p{Script=Han}|\p{Extended_Pictographic}|[\p{L}\p{N}]+(?<!\p{Script=Han})/gu) ?? []
  ).map((word) => word.toLowerCase());
}

interface Wanted {
  readonly user: number;
  readonly rooms: readonly number[];
  readonly peer: number | undefined;
  readonly words: readonly string[];
}

function isWanted(said: Said, { user: asker, rooms, peer, words }: Wanted): boolean {
  const { sender, receiver } = said;
  const isOwn = receiver < 0 ? rooms.includes(-receiver) : sender === asker || receiver === asker;
  const held = plainWords(said.text);
  const isThere = peer === undefined || conversationWith(sender, receiver) === conversationWith(asker, peer);
  return isOwn && isThere && words.flatMap(plainWords).every((word) => held.includes(word));
}

/** All pages of a search; `isOver` ends each after one group of signatures. */
function searchAll(tables: Tables, searched: Omit<SearchQuery, 'before'>): number[] {
  const found: number[] = [];
  let before = Infinity;
  for (;;) {
    const { messages, reached } = tables.search({ ...searched, before });
    expect(messages.length).toBeLessThanOrEqual(searched.limit);
    expect(reached).toBeLessThan(before);
    found.push(...messages.map(({ sequence }) => sequence));
    if (reached === 0) return found;
    before = reached;
  }
}

test('random messages in random runs, searched with any limit, at once and with a pause after every group', async () => {
  const property = fc.asyncProperty(
    fc.array(run, { minLength: 1, maxLength: 8 }),
    fc.array(query, { minLength: 1, maxLength: 12 }),
    async (runs, queries) => {
      const written = await WrittenTables.open();
      const { tables, writer } = written;
      try {
        const said: Said[] = [];
        written.writeUsers(userCount);
        for (let room = 1; room <= roomCount; room += 1)
          writer.roomCreated(room, 1, room, nowMs, `room${room}`);
        let atMs = nowMs;
        for (const { messages, hours } of runs) {
          atMs += hours * hourMs;
          for (const { count, ...one } of messages) {
            for (let index = 0; index < count; index += 1) {
              const sequence = roomCount + said.length * 2 + 1;
              said.push({ ...one, sequence });
              writer.message(one.receiver, one.sender, sequence, atMs, escapeText(one.text));
            }
          }
          written.apply(atMs);
        }
        expect(tables.check()).toEqual([]);
        for (const { limit, ...wanted } of queries) {
          const { peer, rooms } = wanted;
          // Only who is in a room may search it.
          if (peer !== undefined && peer < 0 && !rooms.includes(-peer)) continue;
          const searched = {
            user: wanted.user,
            rooms,
            words: searchWordsOf(escapeText(wanted.words.join(' '))),
            conversation: peer === undefined ? undefined : conversationWith(wanted.user, peer),
            limit,
          };
          if (searched.words.length === 0) continue;
          const expected = said.filter((one) => isWanted(one, wanted)).map(({ sequence }) => sequence);
          expected.reverse();
          expect(searchAll(tables, searched)).toEqual(expected);
          expect(searchAll(tables, { ...searched, isOver: () => true })).toEqual(expected);
        }
      } finally {
        await written.remove();
      }
    },
  );
  await fc.assert(property, { numRuns: 60 });
}, 120_000);
