/** Goal: what applying records does beyond the model: positions, refusals, what is left out. */
import { pageOf } from '../support/history-page';
import type { RecordWriter } from '../support/record-writer';
import { WrittenTables, writtenAtMs as nowMs } from '../support/written-tables';
import type { Tables, TablesOptions } from '../../workers/tables/tables';

const token = Int32Array.of(1, -2, 3, -4);

let written: WrittenTables;
let tables: Tables;
let writer: RecordWriter;

async function open(options?: TablesOptions): Promise<void> {
  written = await WrittenTables.open(options);
  ({ tables, writer } = written);
  writer.userCreated(1, nowMs, 'budi', 'Budi', 'hash1').userCreated(2, nowMs, 'siti', 'Siti', 'hash2');
}

beforeEach(() => open());
afterEach(async () => {
  await written.remove();
});

function unreadSequences(): number[] {
  return [...tables.unread()].map(({ sequence }) => sequence);
}

test('what was applied is passed over, in whole or in part', () => {
  writer.message(2, 1, 1, nowMs, 'halo');
  const words = writer.taken();
  written.apply();
  tables.apply(words, words.length, nowMs);
  writer.message(2, 1, 2, nowMs, 'lagi');
  const more = Int32Array.of(...words, ...writer.taken());
  tables.apply(more, more.length, nowMs);
  expect(tables.applied).toBe(more.length);
  expect(unreadSequences()).toEqual([1, 2]);
  expect(tables.check()).toEqual([]);
});

test('records after a gap: DATA_GAP', () => {
  const words = writer.taken();
  expect(() => {
    tables.apply(words, words.length + 10, nowMs);
  }).toThrow(expect.objectContaining({ code: 'DATA_GAP' }) as Error);
  expect(tables.applied).toBe(0);
});

test.each<[string, () => unknown]>([
  ['a sequence again', () => writer.message(2, 1, 5, nowMs, 'halo').message(1, 2, 5, nowMs, 'halo')],
  ['an older sequence', () => writer.roomCreated(1, 1, 5, nowMs, 'pasar').message(2, 1, 4, nowMs, 'halo')],
  ['a message to nobody', () => writer.message(9, 1, 1, nowMs, 'halo')],
  ['a message from nobody', () => writer.message(1, 9, 1, nowMs, 'halo')],
  ['a read of what has not come', () => writer.message(2, 1, 5, nowMs, 'halo').read(1, 6)],
  ['a session of nobody', () => writer.sessionOpened(token, 9, 1)],
  ['a user again', () => writer.userCreated(2, nowMs, 'other', 'Other', 'hash')],
  ['a name again', () => writer.userCreated(3, nowMs, 'siti', 'Siti', 'hash')],
])('%s: DATA_DAMAGED, and nothing of the run is applied', (_, write) => {
  write();
  expect(() => {
    written.apply();
  }).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED' }) as Error);
  expect(tables.applied).toBe(0);
  expect([...tables.users()]).toEqual([]);
});

test.each<[string, (words: Int32Array) => unknown]>([
  ['of no length', (words) => (words[0] = 0)],
  ['longer than the run', (words) => (words[0] = words.length + 1)],
  ['of an unknown kind', (words) => (words[1]! += 100)],
  ['of a newer version', (words) => (words[1]! += 256)],
])('a record %s: DATA_DAMAGED names its position', (_, spoil) => {
  const words = writer.taken();
  spoil(words);
  expect(() => {
    tables.apply(words, words.length, nowMs);
  }).toThrow(
    expect.objectContaining({
      code: 'DATA_DAMAGED',
      message: expect.stringContaining('position 0') as string,
    }) as Error,
  );
});

test('messages delivered and read within a run go to history only', () => {
  for (let sequence = 1; sequence <= 30; sequence += 1) writer.message(2, 1, sequence, nowMs, 'halo');
  writer.read(2, 28);
  written.apply();
  expect(unreadSequences()).toEqual([29, 30]);
  expect(pageOf(tables, 1, 2, 100)).toHaveLength(30);
});

test('a chunk read in part is loaded from the cursor on, one read to its end goes', () => {
  for (let sequence = 1; sequence <= 10; sequence += 1) writer.message(2, 1, sequence, nowMs, 'halo');
  written.apply();
  writer.read(2, 4);
  written.apply();
  expect(unreadSequences()).toEqual([5, 6, 7, 8, 9, 10]);
  writer.message(2, 1, 11, nowMs, 'halo').read(2, 10);
  written.apply();
  expect(unreadSequences()).toEqual([11]);
  expect([...tables.users()].map(({ readThrough, lastSequence }) => [readThrough, lastSequence])).toEqual([
    [0, 0],
    [10, 11],
  ]);
  expect(tables.check()).toEqual([]);
});

test('a removed user leaves a name for history; the same name again is another user', () => {
  writer.sessionOpened(token, 2, 5).message(2, 1, 1, nowMs, 'halo').message(1, 2, 2, nowMs, 'hai');
  written.apply();
  writer.userRemoved(2).userCreated(3, nowMs, 'siti', 'Siti lain', 'hash3');
  // What was under way when the user was removed.
  writer
    .sessionOpened(Int32Array.of(9, 9, 9, 9), 2, 6)
    .passwordRenewed(2, 'late')
    .sessionClosed(token);
  written.apply();
  expect([...tables.users()].map(({ user, username, removed }) => [user, username, removed])).toEqual([
    [1, 'budi', false],
    [2, 'siti', true],
    [3, 'siti', false],
  ]);
  expect([...tables.users()][1]!.passwordHash).toBe('');
  expect([...tables.sessions()]).toEqual([]);
  expect([...tables.unread()].map(({ receiver }) => receiver)).toEqual([1]);
  expect(pageOf(tables, 1, 2, 10)).toHaveLength(2);
  expect(pageOf(tables, 1, 3, 10)).toHaveLength(0);
  expect(tables.check()).toEqual([]);
});

test('sessions expire by age, some at a time; the end of one that is gone changes nothing', () => {
  for (let index = 0; index < 10; index += 1)
    writer.sessionOpened(Int32Array.of(index, 0, 0, 0), 1 + (index % 2), 100 + index);
  written.apply();
  const removed = [
    tables.expireSessions(107, 5),
    tables.expireSessions(107, 5),
    tables.expireSessions(107, 5),
  ];
  expect(removed).toEqual([5, 2, 0]);
  writer.sessionClosed(Int32Array.of(3, 0, 0, 0));
  written.apply();
  expect([...tables.sessions()].map(({ openedAtSeconds }) => openedAtSeconds)).toEqual([107, 108, 109]);
  expect(tables.check()).toEqual([]);
});

test('without history kept, only what is unread is kept', async () => {
  await written.remove();
  await open({ keepHistory: false });
  writer.message(2, 1, 1, nowMs, 'halo');
  written.apply();
  expect(pageOf(tables, 1, 2, 10)).toEqual([]);
  expect(unreadSequences()).toEqual([1]);
  expect(tables.check()).toEqual([]);
});

test('a filler of one word, left where the ring ended, is passed over', () => {
  written.apply();
  writer.message(2, 1, 1, nowMs, 'halo');
  const before = writer.taken();
  writer.clear();
  writer.message(2, 1, 2, nowMs, 'lagi');
  const words = Int32Array.of(...before, 1, ...writer.taken());
  tables.apply(words, tables.applied + words.length, nowMs);
  expect(unreadSequences()).toEqual([1, 2]);
});

test('sessions opened in one second keep their order', () => {
  for (const last of [5, 3, 4]) writer.sessionOpened(Int32Array.of(9, 9, 9, last), 1, 1_000);
  written.apply();
  const sessions = [...tables.sessions()].sort((left, right) => left.order - right.order);
  expect(sessions.map((session) => session.token[3])).toEqual([5, 3, 4]);
});
