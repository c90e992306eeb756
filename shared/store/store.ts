/**
 * The store: users, sessions and inboxes in one SharedArrayBuffer that many threads change at once. Here are accounts
 * and sessions; messages are in `mail`, rooms in `rooms`.
 *
 * Each operation is linearizable and happens whole or not at all. Expected failures are returned as codes of the
 * protocol and change nothing. The order of locks, the commit and the release of every operation stand here, in
 * `Mailbox`, in `Rooms` and nowhere else; the tables below only read and log changes.
 */
import type { ErrorCode } from '../protocol/error-codes';
import type { Name } from '../protocol/name';
import type { TokenWords } from '../protocol/token';
import type { TextSink } from './block-pool';
import type { Contacts } from './contacts';
import { header } from './header';
import type { JournalRing } from './journal-ring';
import { computeLayout, type StoreCapacity, writeHeader } from './layout';
import type { LongWaitReporter } from './lock';
import { Mailbox } from './mailbox';
import type { Memory } from './memory';
import type { PostKeys } from './post-keys';
import { userRecord } from './record-words';
import { Rooms } from './rooms';
import type { SessionLifetime } from './session-table';
import { attachParts, type StoreParts } from './store-parts';
import type { StoredText } from './stored-text';
import type { SubscriptionFlags } from './subscription-flags';

/** A user whose password was checked, as of the epoch of that password: it must be found unchanged afterwards. */
export interface CheckedUser {
  readonly user: number;
  readonly passwordEpoch: number;
}

/** What checking a password takes. */
export interface Credentials extends CheckedUser {
  readonly passwordHash: string;
}

/** How long a user counts as active after the last request, without a connection. */
const activeSeconds = 300;

const noToken: TokenWords = new Int32Array(4);

/** A user as the operator sees it. */
export interface ListedUser {
  readonly username: string;
  /** Escaped for JSON. */
  readonly displayName: string;
  readonly sessions: number;
  readonly unread: number;
}

/** Makes an empty store. */
export function createStore(capacity: StoreCapacity): SharedArrayBuffer {
  const layout = computeLayout(capacity);
  const buffer = new SharedArrayBuffer(layout.totalWords * 4);
  writeHeader(new Int32Array(buffer), layout);
  return buffer;
}

/** One thread's access to the store. Not to be shared between threads; each attaches its own. */
export class Store {
  /** The journal of the changes; see there for when a reply may leave. */
  readonly journal: JournalRing;
  /** Which message the last delivery was. */
  readonly posts: PostKeys;
  /** The operations on messages. */
  readonly mail: Mailbox;
  /** Who gets live frames. */
  readonly subscriptions: SubscriptionFlags;
  readonly contacts: Contacts;
  /** The operations on rooms. */
  readonly rooms: Rooms;

  private constructor(private readonly parts: StoreParts) {
    this.journal = parts.journal;
    this.subscriptions = parts.subscriptions;
    this.contacts = parts.contacts;
    this.posts = parts.posts;
    this.mail = new Mailbox(parts);
    this.rooms = new Rooms(parts);
  }

  /**
   * Attaches a thread: claims a free slot under `threadId`, which must be positive and unique among living threads.
   * Throws when all slots are taken.
   */
  static attach(memory: Memory, threadId: number, reportLongWait: LongWaitReporter): Store {
    return new Store(attachParts(memory, threadId, reportLongWait));
  }

  /** The sequence of what this thread delivered last. */
  get lastSequence(): number {
    return this.parts.sequence.last;
  }

  get userCount(): number {
    return this.parts.memory.load(header.userCount);
  }

  /** Creates a user. `displayName` and `passwordHash` are kept as they are given (escaped, ASCII). */
  createUser(
    name: Name,
    displayName: StoredText,
    passwordHash: StoredText,
    nowMs: number = Date.now(),
  ): ErrorCode | 'OK' {
    const { locks, blocks, users, journal, operation } = this.parts;
    if (!journal.reserve()) return 'BUSY';
    if (!blocks.reserve(displayName.blockCount + passwordHash.blockCount)) return 'STORE_FULL';
    locks.acquire(users.lockOfName(name));
    if (users.find(name) !== 0) return operation.refuse('USER_EXISTS');
    const user = users.insert(name, displayName, passwordHash);
    if (user === 0) return operation.refuse('STORE_FULL');
    if (journal.isOn) journal.userCreated(user, nowMs, name, displayName, passwordHash);
    return operation.finish();
  }

  /**
   * Removes a user: ends its memberships, one by one, then its sessions, and drops its unread messages. Its name may be
   * given to another. When it fails (`BUSY`), it may have ended some of the memberships.
   */
  removeUser(name: Name, nowMs: number = Date.now()): ErrorCode | 'OK' {
    const { locks, users, accounts, journal, operation } = this.parts;
    for (;;) {
      if (!journal.reserve()) return 'BUSY';
      locks.acquire(users.lockOfName(name));
      const user = users.find(name);
      if (user === 0) return operation.refuse('NO_SUCH_USER');
      if (!this.rooms.hasAny(user)) {
        accounts.removeUser(user);
        if (journal.isOn) journal.userRemoved(user);
        operation.finish();
        this.removeEndedSessions(user);
        return 'OK';
      }
      locks.release();
      // While this goes on, the user may join another room.
      if (this.rooms.leaveAll(user, nowMs) !== 'OK') return 'BUSY';
    }
  }

  /** The credentials of a name; undefined when there is no such user. */
  credentialsOf(name: Name): Credentials | undefined {
    const { locks, users } = this.parts;
    locks.acquire(users.lockOfName(name));
    const user = users.find(name);
    const credentials = user === 0 ? undefined : this.readCredentials(user);
    locks.release();
    return credentials;
  }

  /** The credentials of a user by number. */
  credentialsOfUser(user: number): Credentials {
    const { locks, users } = this.parts;
    locks.acquire(users.lockOf(user));
    const credentials = this.readCredentials(user);
    locks.release();
    return credentials;
  }

  /**
   * Opens a session under a fresh token. `WRONG_PASSWORD` when the password has changed since its hash was checked.
   */
  openSession(checked: CheckedUser, token: TokenWords, nowSeconds: number): ErrorCode | 'OK' {
    const { memory, locks, users, sessions, accounts, journal, operation } = this.parts;
    const { user } = checked;
    if (!journal.reserve()) return 'BUSY';
    locks.acquire(sessions.lockOf(token));
    locks.acquire(users.lockOf(user));
    if (memory.read(users.wordOf(user) + userRecord.passwordEpoch) !== checked.passwordEpoch) {
      return operation.refuse('WRONG_PASSWORD');
    }
    if (!accounts.openSession(token, user, nowSeconds)) return operation.refuse('STORE_FULL');
    users.noteUse(user, nowSeconds);
    const endedAreLeft = sessions.firstEnded(user) !== 0;
    if (journal.isOn) journal.sessionOpened(token, user, nowSeconds);
    operation.finish();
    // A thread that died while it removed them has left them to the next login.
    if (endedAreLeft) this.removeEndedSessions(user);
    return 'OK';
  }

  /** The user of a session, or 0 when there is no such session. Notes that the session was used. */
  useSession(token: TokenWords, nowSeconds: number): number {
    const { locks, sessions } = this.parts;
    const found = sessions.useUnlocked(token, nowSeconds);
    if (found !== 0) return found;
    locks.acquire(sessions.lockOf(token));
    const session = sessions.find(token);
    const isUsable = session !== 0 && !sessions.isExpired(session, nowSeconds) && this.isValid(session);
    const user = isUsable ? sessions.use(session, nowSeconds) : 0;
    locks.releaseAll();
    return user;
  }

  /** From here on sessions expire. Every thread has to be told the same. */
  limitSessions(lifetime: SessionLifetime): void {
    this.parts.sessions.lifetime = lifetime;
  }

  /** Removes the sessions that have expired; they are refused already. */
  removeExpiredSessions(nowSeconds: number): void {
    const { locks, sessions } = this.parts;
    sessions.forEachExpired(nowSeconds, (token) => {
      locks.acquire(sessions.lockOf(token));
      const session = sessions.find(token);
      const isExpired = session !== 0 && sessions.isExpired(session, nowSeconds);
      locks.release();
      // An expired session cannot come to life again in between.
      if (isExpired) this.closeSession(token);
    });
  }

  /** Ends a session. */
  closeSession(token: TokenWords): ErrorCode | 'OK' {
    return this.parts.journal.reserve() ? this.removeSession(token) : 'BUSY';
  }

  /** Needs room in the journal for a session that is valid; the end of an ended one has been written down before. */
  private removeSession(token: TokenWords): ErrorCode | 'OK' {
    const { locks, users, sessions, accounts, journal, operation } = this.parts;
    locks.acquire(sessions.lockOf(token));
    const session = sessions.find(token);
    if (session === 0) return operation.refuse('BAD_SESSION');
    locks.acquire(users.lockOf(sessions.userOf(session)));
    const wasValid = accounts.removeSession(session, token);
    if (wasValid && journal.isOn) journal.sessionClosed(token);
    operation.finish();
    return wasValid ? 'OK' : 'BAD_SESSION';
  }

  /**
   * Replaces a password and ends all sessions of the user but the one that asked. `WRONG_PASSWORD` when the password
   * has changed since the old one was checked, `BAD_SESSION` when the session has ended meanwhile.
   */
  changePassword(checked: CheckedUser, passwordHash: StoredText, keptToken: TokenWords): ErrorCode | 'OK' {
    const { memory, locks, blocks, users, sessions, journal, operation } = this.parts;
    const { user } = checked;
    if (!journal.reserve()) return 'BUSY';
    if (!blocks.reserve(passwordHash.blockCount)) return 'STORE_FULL';
    locks.acquire(sessions.lockOf(keptToken));
    const kept = sessions.find(keptToken);
    if (kept === 0 || sessions.userOf(kept) !== user) return operation.refuse('BAD_SESSION');
    locks.acquire(users.lockOf(user));
    if (!sessions.isOfThisEpoch(kept)) return operation.refuse('BAD_SESSION');
    if (memory.read(users.wordOf(user) + userRecord.passwordEpoch) !== checked.passwordEpoch) {
      return operation.refuse('WRONG_PASSWORD');
    }
    sessions.endAllOthers(user, kept);
    users.replacePassword(user, passwordHash);
    users.raisePasswordEpoch(user);
    if (journal.isOn) journal.passwordReplaced(user, passwordHash, keptToken);
    operation.finish();
    this.removeEndedSessions(user);
    return 'OK';
  }

  /** Replaces a password's hash by a newer form of the same password; nothing happens when the password has changed. */
  renewPasswordHash(checked: CheckedUser, passwordHash: StoredText): void {
    const { memory, locks, blocks, users, journal, operation } = this.parts;
    if (!journal.reserve() || !blocks.reserve(passwordHash.blockCount)) return;
    const { user } = checked;
    locks.acquire(users.lockOf(user));
    if (memory.read(users.wordOf(user) + userRecord.passwordEpoch) === checked.passwordEpoch) {
      users.replacePassword(user, passwordHash);
      if (journal.isOn) journal.passwordReplaced(user, passwordHash, undefined);
      operation.finish();
    } else {
      operation.refuse('WRONG_PASSWORD');
    }
  }

  /** Gives a user another password and ends all its sessions: for the operator. */
  resetPassword(name: Name, passwordHash: StoredText): ErrorCode | 'OK' {
    const { locks, blocks, users, accounts, journal, operation } = this.parts;
    if (!journal.reserve()) return 'BUSY';
    if (!blocks.reserve(passwordHash.blockCount)) return 'STORE_FULL';
    locks.acquire(users.lockOfName(name));
    const user = users.find(name);
    if (user === 0) return operation.refuse('NO_SUCH_USER');
    accounts.endSessions(user);
    users.replacePassword(user, passwordHash);
    users.raisePasswordEpoch(user);
    if (journal.isOn) journal.passwordReplaced(user, passwordHash, noToken);
    operation.finish();
    this.removeEndedSessions(user);
    return 'OK';
  }

  /** Every living user, in order of number. One after the other: not of one moment. */
  listUsers(): ListedUser[] {
    const { locks, users } = this.parts;
    const listed: ListedUser[] = [];
    for (let user = 1; user <= this.userCount; user += 1) {
      locks.acquire(users.lockOf(user));
      if (users.isLive(user)) listed.push(users.describe(user));
      locks.release();
    }
    return listed;
  }

  /** Counts a user as active now: a connection of it is open. */
  touchUser(user: number, nowSeconds: number): void {
    this.parts.users.noteUse(user, nowSeconds);
  }

  /**
   * Calls `visit` for every active user, in order of login, until it returns false. It must take no lock. Active users
   * are those with a session who have used it lately, or have a connection open.
   */
  forEachActive(nowSeconds: number, visit: (user: number) => boolean): void {
    const { users, active } = this.parts;
    const usedSince = nowSeconds - activeSeconds;
    active.forEach((user) => users.lastUsedSeconds(user) < usedSince || visit(user));
  }

  /** Whether a user has not been removed. */
  isLive(user: number): boolean {
    return this.parts.users.isLive(user);
  }

  nameBytes(user: number): number {
    return this.parts.users.nameBytes(user);
  }

  copyName(user: number, sink: TextSink): void {
    this.parts.users.copyName(user, sink);
  }

  /** In bytes, escaped for JSON. */
  displayNameBytes(user: number): number {
    return this.parts.users.displayBytes(user);
  }

  /** Copies the display name, escaped for JSON. */
  copyDisplayName(user: number, sink: TextSink): void {
    this.parts.users.copyDisplayName(user, sink);
  }

  /** Whether a session is of its user's present epoch. Its lock is held; the user's may be afterwards. */
  private isValid(session: number): boolean {
    const { locks, users, sessions } = this.parts;
    if (sessions.isOfThisEpoch(session)) return true;
    // A change of password under way may yet be taken back: only its lock tells.
    locks.acquire(users.lockOf(sessions.userOf(session)));
    return sessions.isOfThisEpoch(session);
  }

  private readCredentials(user: number): Credentials {
    const { memory, users } = this.parts;
    const passwordEpoch = memory.read(users.wordOf(user) + userRecord.passwordEpoch);
    return { user, passwordHash: users.readPassword(user), passwordEpoch };
  }

  /** Frees the records of sessions that a change of password has ended; they are invalid already. */
  private removeEndedSessions(user: number): void {
    const { locks, users, sessions } = this.parts;
    const token: TokenWords = new Int32Array(4);
    for (;;) {
      locks.acquire(users.lockOf(user));
      const ended = sessions.firstEnded(user);
      if (ended !== 0) sessions.readToken(ended, token);
      locks.release();
      if (ended === 0) return;
      this.removeSession(token);
    }
  }
}
