/**
 * Everything the server keeps in memory, streamed at start. No table is held whole; nothing else writes meanwhile.
 */
import { readUnreadChunk, type UnreadMessage } from './chunk';
import { damaged } from './data-error';
import { InboxPages } from './inbox-pages';
import {
  memberKeyBytes,
  readTokenKey,
  readUint32,
  readUint53,
  roomUnreadKeyBytes,
  tokenKeyBytes,
  unreadKeyBytes,
  userKey,
  userKeyBytes,
} from './keys';
import {
  type MemberRow,
  readMemberRow,
  readRoomRow,
  readSessionRow,
  readUserRow,
  type RoomRow,
  type SessionRow,
  type UserRow,
} from './rows';
import type { TableSet } from './table-set';
import { readByAll } from './trim-rooms';

/** A user as loaded. Of a removed one both sequences are 0; otherwise they are as in `InboxCounters`. */
export interface LoadedUser extends UserRow {
  readonly user: number;
  readonly lastSequence: number;
  readonly readThrough: number;
}

export interface LoadedSession extends SessionRow {
  readonly token: Int32Array;
}

export interface LoadedRoom extends Omit<RoomRow, 'endedSequence'> {
  readonly room: number;
}

export interface LoadedMember extends MemberRow {
  readonly room: number;
  readonly user: number;
}

/** All users ever, tombstones included, in order of number. Numbers may be missing. */
export function* loadUsers(tables: TableSet): Generator<LoadedUser> {
  const inboxes = new InboxPages(tables);
  for (const { key, value } of tables.users.entries()) {
    const row = key.length === userKeyBytes ? readUserRow(value) : undefined;
    const user = readUint32(key, 0);
    if (row === undefined) throw damaged(`the row of user ${user} is damaged`);
    if (row.removed) {
      yield { user, ...row, lastSequence: 0, readThrough: 0 };
      continue;
    }
    const counters = inboxes.find(user);
    if (counters === undefined) throw damaged(`user ${user} has no inbox`);
    yield { user, ...row, ...counters };
  }
}

/** All sessions, in order of token. */
export function* loadSessions({ sessions }: TableSet): Generator<LoadedSession> {
  for (const { key, value } of sessions.entries()) {
    const row = key.length === tokenKeyBytes ? readSessionRow(value) : undefined;
    if (row === undefined) throw damaged('the row of a session is damaged');
    yield { token: readTokenKey(key), ...row };
  }
}

/** All unread messages, by receiver, in order of sequence. */
export function* loadUnread(tables: TableSet, receiver?: number): Generator<UnreadMessage> {
  const inboxes = new InboxPages(tables);
  let user = 0;
  let readThrough = 0;
  const range = receiver === undefined ? {} : { start: userKey(receiver), end: userKey(receiver + 1) };
  for (const { key, value } of tables.unread.entries(range)) {
    const keyUser = key.length === unreadKeyBytes ? readUint32(key, 0) : 0;
    if (keyUser !== user) {
      user = keyUser;
      readThrough = inboxes.readThrough(user);
      if (readThrough < 0) throw damaged(`user ${user} has unread messages and no inbox`);
    }
    const messages = readUnreadChunk(user, value);
    if (messages?.at(-1)?.sequence !== readUint53(key, 4)) {
      throw damaged(`unread messages of user ${user} are damaged`);
    }
    for (const message of messages) if (message.sequence > readThrough) yield message;
  }
}

/** All rooms that there are, in order of number. */
export function* loadRooms({ rooms }: TableSet): Generator<LoadedRoom> {
  for (const { key, value } of rooms.entries()) {
    const room = readUint32(key, 0);
    const row = key.length === userKeyBytes ? readRoomRow(value) : undefined;
    if (row === undefined) throw damaged(`the row of room ${room} is damaged`);
    if (row.endedSequence > 0) continue;
    const { name, owner, createdAtMs } = row;
    yield { room, name, owner, createdAtMs };
  }
}

/** Who is in which room, by room and user. */
export function* loadMembers({ members }: TableSet): Generator<LoadedMember> {
  for (const { key, value } of members.entries()) {
    const room = readUint32(key, 0);
    const row = key.length === memberKeyBytes ? readMemberRow(value) : undefined;
    if (row === undefined) throw damaged(`the row of a member of room ${room} is damaged`);
    yield { room, user: readUint32(key, userKeyBytes), ...row };
  }
}

/** The messages of rooms that not all members have read, or those of one room: by room, in order of sequence. */
export function* loadRoomMessages(tables: TableSet, only?: number): Generator<UnreadMessage> {
  const inboxes = new InboxPages(tables);
  let room = 0;
  let isRead = 0;
  const range = only === undefined ? {} : { start: userKey(only), end: userKey(only + 1) };
  for (const { key, value } of tables.roomUnread.entries(range)) {
    const keyRoom = key.length === roomUnreadKeyBytes ? readUint32(key, 0) : 0;
    if (keyRoom !== room) {
      room = keyRoom;
      isRead = readByAll(tables, inboxes, room);
    }
    const messages = readUnreadChunk(-room, value);
    if (messages?.at(-1)?.sequence !== readUint53(key, 4))
      throw damaged(`messages of room ${room} are damaged`);
    for (const message of messages) if (message.sequence > isRead) yield message;
  }
}
