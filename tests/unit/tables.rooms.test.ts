/** Goal: rooms in the tables beyond the model: refusals, and what is forgotten of their messages and what is not. */
import type { RecordWriter } from '../support/record-writer';
import { WrittenTables, writtenAtMs as nowMs } from '../support/written-tables';
import type { Tables } from '../../workers/tables/tables';

const dayMs = 86_400_000;
const manyMessages = 1_000_000;

let written: WrittenTables;
let tables: Tables;
let writer: RecordWriter;
let sequence: number;

beforeEach(async () => {
  written = await WrittenTables.open();
  ({ tables, writer } = written);
  written.writeUsers(3);
  writer.roomCreated(1, 1, 1, nowMs, 'pasar').roomJoined(1, 2, 2, nowMs).roomJoined(1, 3, 3, nowMs);
  sequence = 3;
  written.apply();
});
afterEach(async () => {
  await written.remove();
});

/** In a run of its own. Returns the sequence of the last. */
function say(count: number, room = 1): number {
  for (let message = 0; message < count; message += 1)
    writer.message(-room, 1, (sequence += 1), nowMs, 'halo');
  written.apply();
  return sequence;
}

function roomSequences(): number[] {
  return [...tables.roomMessages()].map((message) => message.sequence);
}

test.each<[string, () => unknown]>([
  ['a room again', () => writer.roomCreated(1, 1, 9, nowMs, 'other')],
  ['a room without a number', () => writer.roomCreated(0, 1, 9, nowMs, 'other')],
  ['a member again', () => writer.roomJoined(1, 2, 9, nowMs)],
  ['a member of nothing', () => writer.roomJoined(2, 2, 9, nowMs)],
  ['a member who is nobody', () => writer.roomJoined(1, 9, 9, nowMs)],
  ['a member who was removed', () => writer.userRemoved(2).roomJoined(1, 2, 9, nowMs)],
  ['a leaving of who is not in it', () => writer.roomLeft(1, 3, 9, nowMs).roomLeft(1, 3, 10, nowMs)],
  ['a message to no room', () => writer.message(-2, 1, 9, nowMs, 'halo')],
])('%s: DATA_DAMAGED, and nothing of the run is applied', (_, write) => {
  const before = tables.applied;
  writer.message(-1, 1, 8, nowMs, 'halo');
  write();
  expect(() => {
    written.apply();
  }).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED' }) as Error);
  expect(tables.applied).toBe(before);
  expect(roomSequences()).toEqual([]);
});

test('the member of longest standing is the next owner; the last to leave ends the room, its number is not given again', () => {
  const owners: number[][] = [];
  // Longest standing by joining, not by number.
  writer.roomLeft(1, 2, 4, nowMs).roomJoined(1, 2, 5, nowMs).userRemoved(1);
  written.apply();
  owners.push([...tables.rooms()].map(({ owner }) => owner));
  writer.message(-1, 2, 6, nowMs, 'halo').roomLeft(1, 3, 7, nowMs);
  written.apply();
  owners.push([...tables.rooms()].map(({ owner }) => owner));
  expect(owners).toEqual([[3], [2]]);
  expect(roomSequences()).toEqual([6]);
  writer.message(-1, 2, 8, nowMs, 'sendiri').userRemoved(2);
  written.apply();
  expect([...tables.rooms(), ...tables.members(), ...tables.roomMessages()]).toEqual([]);
  expect(tables.newestRoom).toBe(1);
  expect(tables.check()).toEqual([]);
  writer.roomCreated(1, 3, 9, nowMs, 'pasar');
  expect(() => {
    written.apply();
  }).toThrow('room 1 is created again');
});

test('a room that begins and ends within a run leaves nothing to read', () => {
  writer.roomCreated(2, 3, 4, nowMs, 'singkat').message(-2, 3, 5, nowMs, 'halo').roomLeft(2, 3, 6, nowMs);
  written.apply();
  expect([...tables.rooms()].map(({ room }) => room)).toEqual([1]);
  expect(roomSequences()).toEqual([]);
  expect(tables.sequence).toBe(6);
  expect(tables.check()).toEqual([]);
});

test('what all have read is neither loaded nor kept; what one has not read is', () => {
  const first = say(10);
  const second = say(10);
  for (const user of [1, 2]) writer.read(user, second);
  written.apply();
  expect(tables.trimRooms(manyMessages)).toBe(0);
  expect(roomSequences()).toHaveLength(20);
  // The third reads all of the first chunk and some of the second.
  writer.read(3, first + 4);
  written.apply();
  expect(roomSequences()).toEqual([5, 6, 7, 8, 9, 10].map((message) => first + message));
  expect(tables.trimRooms(manyMessages)).toBe(1);
  expect(roomSequences()).toHaveLength(6);
  // Who joins now has nothing to read of what was.
  writer.userCreated(4, nowMs, 'user4', 'User', 'hash').roomJoined(1, 4, (sequence += 1), nowMs);
  writer.roomLeft(1, 3, (sequence += 1), nowMs);
  written.apply();
  expect(tables.trimRooms(manyMessages)).toBe(1);
  expect(tables.trimRooms(manyMessages)).toBe(0);
  expect(roomSequences()).toEqual([]);
  expect(tables.check()).toEqual([]);
});

test('of many messages the newest stay, in every room for itself', () => {
  writer.roomCreated(2, 1, (sequence += 1), nowMs, 'lain').roomJoined(2, 3, (sequence += 1), nowMs);
  written.apply();
  const counts = [3, 4, 5, 6];
  for (const count of counts) say(count);
  const quiet = [say(2, 2) - 1, sequence];
  expect(tables.trimRooms(11)).toBe(2);
  const left = roomSequences();
  expect(left).toHaveLength(5 + 6 + 2);
  expect(left.slice(-2)).toEqual(quiet);
  expect(tables.trimRooms(7)).toBe(0);
  expect(tables.trimRooms(6)).toBe(1);
  expect(tables.check()).toEqual([]);
});

test('a message to a room of many members is one entry', () => {
  for (let user = 4; user <= 2_000; user += 1)
    writer
      .userCreated(user, nowMs, `user${user}`, 'User', 'hash')
      .roomJoined(1, user, (sequence += 1), nowMs);
  written.apply();
  say(1);
  expect(roomSequences()).toEqual([sequence]);
  expect([...tables.unread()]).toEqual([]);
});

test('a removed user’s messages stay for the others to read', () => {
  say(2);
  writer.userRemoved(1);
  written.apply();
  expect(roomSequences()).toHaveLength(2);
  expect(tables.check()).toEqual([]);
});

test('a room without members is forgotten once history is, its number still is not given again', () => {
  say(2);
  writer
    .roomLeft(1, 2, (sequence += 1), nowMs)
    .userRemoved(1)
    .userRemoved(3);
  writer
    .roomCreated(2, 2, (sequence += 1), nowMs, 'lain')
    .message(-2, 2, (sequence += 1), nowMs + dayMs, 'baru');
  // In a partition of its own, a day later.
  written.apply(nowMs + dayMs);
  expect(tables.forgetRooms()).toBe(0);
  while (tables.expireHistory(nowMs + 1) > 0);
  expect(tables.forgetRooms()).toBe(1);
  expect(tables.forgetRooms()).toBe(0);
  expect([...tables.rooms()].map(({ room }) => room)).toEqual([2]);
  expect(tables.check()).toEqual([]);
  writer.roomCreated(1, 2, (sequence += 1), nowMs, 'pasar');
  expect(() => {
    written.apply();
  }).toThrow('room 1 is created again');
});
