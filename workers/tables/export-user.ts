/**
 * One user's data as plain objects, for JSON lines: what a person may ask for. No password, no token.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { findUser, findUserNumber, sessionKeysOf } from './accounts';
import type { UnreadMessage } from './chunk';
import { damaged } from './data-error';
import { type HistoryMessage, readHistoryChunk } from './history-chunk';
import { InboxPages } from './inbox-pages';
import { conversationOfKey, higherUser, lowerUser, readUint53 } from './keys';
import { loadRoomMessages, loadUnread } from './load';
import { findMember, findRoom, roomsOf } from './rooms';
import type { MemberRow } from './rows';
import type { Table } from './environment';
import type { TableSet } from './table-set';

/** After so many keys other work gets its turn. */
const keysPerTurn = 10_000;

export type ExportLine =
  | {
      readonly type: 'account';
      readonly username: string;
      readonly displayName: string;
      readonly createdAt: string;
      readonly sessionCount: number;
    }
  | {
      readonly type: 'room';
      readonly room: string;
      readonly isOwner: boolean;
      readonly joinedAt: string;
    }
  | {
      readonly type: 'unread';
      readonly sequence: number;
      readonly from: string;
      /** A user, or a room with its `#`. */
      readonly to: string;
      readonly at: string;
      readonly text: string;
    }
  | {
      readonly type: 'history';
      readonly sequence: number;
      readonly from: string;
      readonly to: string;
      readonly at: string;
      readonly text: string;
    };

/**
 * The account, the rooms that it is in, its unread messages in order, those of users before those of each room, then
 * its history, in rooms since it joined: by partition, in the order of its chunks. Nothing when no live user has this (folded) name. Reads every
 * key of history.
 * @throws `DATA_DAMAGED`
 */
export async function* exportUser(tables: TableSet, username: string): AsyncGenerator<ExportLine> {
  const user = findUserNumber(tables, username);
  const row = user === undefined ? undefined : findUser(tables, user);
  if (user === undefined || row === undefined) return;
  const names = new Names(tables);
  yield {
    type: 'account',
    username: row.username,
    displayName: unescape(row.displayName),
    createdAt: timeText(row.createdAtMs),
    sessionCount: sessionKeysOf(tables, user).length,
  };
  const memberships = membershipsOf(tables, user);
  for (const { room, owner, joinedAtMs } of memberships)
    yield { type: 'room', room: names.of(-room), isOwner: owner === user, joinedAt: timeText(joinedAtMs) };
  for (const message of unreadOf(tables, user, memberships)) {
    const { sequence, sender, receiver, atMs, text } = message;
    const [from, to] = [names.of(sender), names.of(receiver)];
    yield { type: 'unread', sequence, from, to, at: timeText(atMs), text: textOf(text) };
  }
  const own = (key: Buffer): boolean => {
    const conversation = conversationOfKey(key);
    const lower = lowerUser(conversation);
    // What was said in a room is kept as a conversation of nobody: anybody may have been in the room.
    return lower === 0 || lower === user || higherUser(conversation) === user;
  };
  const since = new Map(memberships.map(({ room, joinedSequence }) => [-room, joinedSequence]));
  const isOwn = ({ sender, receiver, sequence }: HistoryMessage): boolean =>
    sender === user || receiver === user || sequence > (since.get(receiver) ?? Infinity);
  yield* exportHistory(tables.history, own, isOwn, names);
  yield* exportHistory(tables.historyMixed, () => true, isOwn, names);
}

interface Membership extends MemberRow {
  readonly room: number;
  readonly owner: number;
}

function membershipsOf(tables: TableSet, user: number): Membership[] {
  return roomsOf(tables, user).map((room) => {
    const [row, member] = [findRoom(tables, room), findMember(tables, room, user)];
    if (row === undefined || member === undefined)
      throw damaged(`user ${user} is in room ${room}, which is not there`);
    return { room, owner: row.owner, ...member };
  });
}

/** What a user has not read, of users and of rooms. One's own messages in rooms do not count. */
function* unreadOf(
  tables: TableSet,
  user: number,
  memberships: readonly Membership[],
): Generator<UnreadMessage> {
  yield* loadUnread(tables, user);
  const readThrough = new InboxPages(tables).readThrough(user);
  for (const { room, joinedSequence } of memberships) {
    const after = Math.max(readThrough, joinedSequence);
    for (const message of loadRoomMessages(tables, room))
      if (message.sequence > after && message.sender !== user) yield message;
  }
}

async function* exportHistory(
  table: Table,
  mayHold: (key: Buffer) => boolean,
  isWanted: (message: HistoryMessage) => boolean,
  names: Names,
): AsyncGenerator<ExportLine> {
  let keyCount = 0;
  for (const key of table.keys()) {
    keyCount += 1;
    if (keyCount % keysPerTurn === 0) await nextTurn();
    const value = mayHold(key) ? table.get(key) : undefined;
    if (value === undefined) continue;
    const messages = readHistoryChunk(readUint53(key, key.length - 8), value);
    if (messages === undefined) throw damaged(`a chunk of ${table.name} is damaged`);
    for (const message of messages) {
      if (!isWanted(message)) continue;
      const { sequence, sender, receiver, atMs, text } = message;
      const [from, to] = [names.of(sender), names.of(receiver)];
      yield { type: 'history', sequence, from, to, at: timeText(atMs), text: textOf(text) };
    }
  }
}

/** Names by number, tombstones included: of users, and, by negative number, of rooms. */
class Names {
  private readonly known = new Map<number, string>();

  constructor(private readonly tables: TableSet) {}

  of(party: number): string {
    const known = this.known.get(party);
    if (known !== undefined) return known;
    const name = party < 0 ? findRoom(this.tables, -party)?.name : findUser(this.tables, party)?.username;
    if (name === undefined) throw damaged(`a message speaks of ${party}, who was never created`);
    const shown = party < 0 ? `#${name}` : name;
    this.known.set(party, shown);
    return shown;
  }
}

function timeText(atMs: number): string {
  return new Date(atMs).toISOString();
}

function textOf(text: Uint8Array): string {
  return unescape(Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1'));
}

/** Texts are kept as they stand between the quotes of a JSON string. */
function unescape(escaped: string): string {
  return JSON.parse(`"${escaped}"`) as string;
}
