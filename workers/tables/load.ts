/**
 * Everything the server keeps in memory, streamed at start. No table is held whole; nothing else writes meanwhile.
 */
import { readUnreadChunk, type UnreadMessage } from './chunk';
import { damaged } from './data-error';
import { InboxPages } from './inbox-pages';
import {
  readTokenKey,
  readUint32,
  readUint53,
  tokenKeyBytes,
  unreadKeyBytes,
  userKey,
  userKeyBytes,
} from './keys';
import { readSessionRow, readUserRow, type SessionRow, type UserRow } from './rows';
import type { TableSet } from './table-set';

/** A user as loaded. Of a removed one both sequences are 0. */
export interface LoadedUser extends UserRow {
  readonly user: number;
  /** The sequence of the newest message ever delivered. */
  readonly lastSequence: number;
  /** Everything up to this sequence has been read. */
  readonly readUpTo: number;
}

export interface LoadedSession extends SessionRow {
  readonly token: Int32Array;
}

/** All users ever, tombstones included, in order of number. Numbers may be missing. */
export function* loadUsers(tables: TableSet): Generator<LoadedUser> {
  const inboxes = new InboxPages(tables);
  for (const { key, value } of tables.users.entries()) {
    const row = key.length === userKeyBytes ? readUserRow(value) : undefined;
    const user = readUint32(key, 0);
    if (row === undefined) throw damaged(`the row of user ${user} is damaged`);
    if (row.removed) {
      yield { user, ...row, lastSequence: 0, readUpTo: 0 };
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
  let readUpTo = 0;
  const range = receiver === undefined ? {} : { start: userKey(receiver), end: userKey(receiver + 1) };
  for (const { key, value } of tables.unread.entries(range)) {
    const keyUser = key.length === unreadKeyBytes ? readUint32(key, 0) : 0;
    if (keyUser !== user) {
      user = keyUser;
      readUpTo = inboxes.readUpTo(user);
      if (readUpTo < 0) throw damaged(`user ${user} has unread messages and no inbox`);
    }
    const messages = readUnreadChunk(user, value);
    if (messages?.at(-1)?.sequence !== readUint53(key, 4)) {
      throw damaged(`unread messages of user ${user} are damaged`);
    }
    for (const message of messages) if (message.sequence > readUpTo) yield message;
  }
}
