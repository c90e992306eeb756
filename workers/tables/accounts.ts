/**
 * Users and sessions: each record changes its rows at once. They are few beside messages.
 * Everything here runs inside a transaction.
 */
import { damaged } from './data-error';
import type { InboxPages } from './inbox-pages';
import { nameKey, sessionOfUserKey, tokenKey, tokenKeyBytes, userEnd, userKey, userKeyBytes } from './keys';
import {
  readNumberRow,
  readSessionRow,
  readUserRow,
  type UserRow,
  writeNumberRow,
  writeSessionRow,
  writeUserRow,
} from './rows';
import type { TableSet } from './table-set';

/** The row of a user, tombstones included. Undefined when there never was one of this number. */
export function findUser({ users }: TableSet, user: number): UserRow | undefined {
  const bytes = users.get(userKey(user));
  if (bytes === undefined) return undefined;
  const row = readUserRow(bytes);
  if (row === undefined) throw damaged(`the row of user ${user} is damaged`);
  return row;
}

/** The number of a live user; undefined when no live user has this (folded) name. */
export function findUserNumber({ names }: TableSet, username: string): number | undefined {
  const bytes = names.get(nameKey(username));
  if (bytes === undefined) return undefined;
  const user = readNumberRow(bytes);
  if (user === undefined) throw damaged(`the row of the name ${username} is damaged`);
  return user;
}

/** A row keeps the low 32 bits of the position. */
const orderModulus = 2 ** 32;

export class Accounts {
  constructor(
    private readonly tables: TableSet,
    private readonly inboxes: InboxPages,
  ) {}

  create(user: number, row: Omit<UserRow, 'removed'>): void {
    const { users, names } = this.tables;
    if (user < 1 || user >= userEnd) throw damaged(`a user of the number ${user} is created`);
    if (users.has(userKey(user))) throw damaged(`user ${user} is created again`);
    if (names.has(nameKey(row.username))) throw damaged(`the name ${row.username} is given again`);
    users.put(userKey(user), writeUserRow({ ...row, removed: false }));
    names.put(nameKey(row.username), writeNumberRow(user));
    this.inboxes.create(user);
  }

  /** A removed user's password changes nothing: the change was under way when the user was removed. */
  setPassword(user: number, passwordHash: string): void {
    const row = this.require(user);
    if (row.removed) return;
    this.tables.users.put(userKey(user), writeUserRow({ ...row, passwordHash }));
  }

  /** Leaves a tombstone: number and names stay for history, password and inbox go, the name is free again. */
  remove(user: number): void {
    const row = this.require(user);
    if (row.removed) return;
    this.endSessions(user);
    this.tables.users.put(userKey(user), writeUserRow({ ...row, passwordHash: '', removed: true }));
    this.tables.names.remove(nameKey(row.username));
    this.inboxes.remove(user);
  }

  /** @param position of its record: it tells which of two logins in one second came first. */
  openSession(token: Int32Array, user: number, openedAtSeconds: number, position: number): void {
    if (this.require(user).removed) return;
    const key = tokenKey(token);
    this.tables.sessions.put(key, writeSessionRow({ user, openedAtSeconds, order: position % orderModulus }));
    this.tables.sessionsOfUsers.put(sessionOfUserKey(user, key), new Uint8Array(0));
  }

  /** @param key as in `sessions` */
  closeSession(key: Buffer): void {
    removeSession(this.tables, key);
  }

  /** Ends all sessions of a user, but the one that is kept. */
  endSessions(user: number, keptToken?: Int32Array): void {
    const kept = keptToken === undefined ? undefined : tokenKey(keptToken);
    for (const key of sessionKeysOf(this.tables, user)) {
      if (kept !== undefined && kept.equals(key)) continue;
      this.tables.sessions.remove(key);
      this.tables.sessionsOfUsers.remove(sessionOfUserKey(user, key));
    }
  }

  private require(user: number): UserRow {
    const row = findUser(this.tables, user);
    if (row === undefined) throw damaged(`a record speaks of user ${user}, who was never created`);
    return row;
  }
}

/**
 * Removes a session by its key in `sessions`. Nothing happens when there is none: it may have expired here before its
 * end was recorded. Inside a transaction.
 */
export function removeSession({ sessions, sessionsOfUsers }: TableSet, key: Buffer): void {
  const bytes = sessions.get(key);
  if (bytes === undefined) return;
  const row = readSessionRow(bytes);
  if (row === undefined) throw damaged('the row of a session is damaged');
  sessions.remove(key);
  sessionsOfUsers.remove(sessionOfUserKey(row.user, key));
}

/** The keys, in `sessions`, of all sessions of a user. */
export function sessionKeysOf({ sessionsOfUsers }: TableSet, user: number): Buffer[] {
  const range = { start: sessionOfUserKey(user), end: sessionOfUserKey(user + 1) };
  return Array.from(sessionsOfUsers.keys(range), (key) =>
    Buffer.from(key.subarray(userKeyBytes, userKeyBytes + tokenKeyBytes)),
  );
}
