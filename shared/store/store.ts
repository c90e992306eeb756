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
import type { AccountSteps } from './account-steps';
import type { ActiveList } from './active-list';
import type { Contacts } from './contacts';
import type { BlockPool, TextSink } from './block-pool';
import { computeLayout, header, type StoreCapacity, userRecord, writeHeader } from './layout';
import type { JournalRing } from './journal-ring';
import type { Locks, LongWaitReporter } from './lock';
import { Mailbox } from './mailbox';
import type { Memory } from './memory';
import type { Sequence } from './sequence';
import type { Operation } from './operation';
import type { PostKeys } from './post-keys';
import { Rooms } from './rooms';
import type { SessionLifetime, SessionTable } from './session-table';
import { attachParts, type StoreParts } from './store-parts';
import type { StoredText } from './stored-text';
import type { SubscriptionFlags } from './subscription-flags';
import type { UserTable } from './user-table';

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
  private readonly sequence: Sequence;
  /** The operations on rooms. */
  readonly rooms: Rooms;
  private readonly memory: Memory;
  private readonly locks: Locks;
  private readonly blocks: BlockPool;
  private readonly users: UserTable;
  private readonly sessions: SessionTable;
  private readonly active: ActiveList;
  private readonly accounts: AccountSteps;
  private readonly operation: Operation;

  private constructor(parts: StoreParts) {
    this.memory = parts.memory;
    this.locks = parts.locks;
    this.blocks = parts.blocks;
    this.users = parts.users;
    this.sessions = parts.sessions;
    this.active = parts.active;
    this.accounts = parts.accounts;
    this.operation = parts.operation;
    this.journal = parts.journal;
    this.subscriptions = parts.subscriptions;
    this.contacts = parts.contacts;
    this.sequence = parts.sequence;
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
    return this.sequence.last;
  }

  get userCount(): number {
    return this.memory.load(header.userCount);
  }

  /** Creates a user. `displayName` and `passwordHash` are kept as they are given (escaped, ASCII). */
  createUser(
    name: Name,
    displayName: StoredText,
    passwordHash: StoredText,
    nowMs: number = Date.now(),
  ): ErrorCode | 'OK' {
    if (!this.journal.reserve()) return 'BUSY';
    if (!this.blocks.reserve(displayName.blockCount + passwordHash.blockCount)) return 'STORE_FULL';
    this.locks.acquire(this.users.lockOfName(name));
    if (this.users.find(name) !== 0) return this.operation.refuse('USER_EXISTS');
    const user = this.users.insert(name, displayName, passwordHash);
    if (user === 0) return this.operation.refuse('STORE_FULL');
    if (this.journal.isOn) this.journal.userCreated(user, nowMs, name, displayName, passwordHash);
    return this.operation.finish();
  }

  /**
   * Removes a user: ends its memberships, one by one, then its sessions, and drops its unread messages. Its name may be
   * given to another. What has come to nothing (`BUSY`) may have ended some of the memberships.
   */
  removeUser(name: Name, nowMs: number = Date.now()): ErrorCode | 'OK' {
    for (;;) {
      if (!this.journal.reserve()) return 'BUSY';
      this.locks.acquire(this.users.lockOfName(name));
      const user = this.users.find(name);
      if (user === 0) return this.operation.refuse('NO_SUCH_USER');
      if (!this.rooms.hasAny(user)) {
        this.accounts.removeUser(user);
        if (this.journal.isOn) this.journal.userRemoved(user);
        this.operation.finish();
        this.removeEndedSessions(user);
        return 'OK';
      }
      this.locks.release();
      // While this goes on, the user may join another room.
      if (this.rooms.leaveAll(user, nowMs) !== 'OK') return 'BUSY';
    }
  }

  /** The credentials of a name; undefined when there is no such user. */
  credentialsOf(name: Name): Credentials | undefined {
    this.locks.acquire(this.users.lockOfName(name));
    const user = this.users.find(name);
    const credentials = user === 0 ? undefined : this.readCredentials(user);
    this.locks.release();
    return credentials;
  }

  /** The credentials of a user by number. */
  credentialsOfUser(user: number): Credentials {
    this.locks.acquire(this.users.lockOf(user));
    const credentials = this.readCredentials(user);
    this.locks.release();
    return credentials;
  }

  /**
   * Opens a session under a fresh token. `WRONG_PASSWORD` when the password has changed since its hash was checked.
   */
  openSession(checked: CheckedUser, token: TokenWords, nowSeconds: number): ErrorCode | 'OK' {
    const { user } = checked;
    if (!this.journal.reserve()) return 'BUSY';
    this.locks.acquire(this.sessions.lockOf(token));
    this.locks.acquire(this.users.lockOf(user));
    if (this.memory.read(this.users.wordOf(user) + userRecord.passwordEpoch) !== checked.passwordEpoch) {
      return this.operation.refuse('WRONG_PASSWORD');
    }
    if (!this.accounts.openSession(token, user, nowSeconds)) return this.operation.refuse('STORE_FULL');
    this.users.noteUse(user, nowSeconds);
    const endedAreLeft = this.sessions.firstEnded(user) !== 0;
    if (this.journal.isOn) this.journal.sessionOpened(token, user, nowSeconds);
    this.operation.finish();
    // A thread that died while it removed them has left them to the next login.
    if (endedAreLeft) this.removeEndedSessions(user);
    return 'OK';
  }

  /** The user of a session, or 0 when there is no such session. Notes that the session was used. */
  useSession(token: TokenWords, nowSeconds: number): number {
    const found = this.sessions.useUnlocked(token, nowSeconds);
    if (found !== 0) return found;
    this.locks.acquire(this.sessions.lockOf(token));
    const session = this.sessions.find(token);
    const isUsable = session !== 0 && !this.sessions.isExpired(session, nowSeconds) && this.isValid(session);
    const user = isUsable ? this.sessions.use(session, nowSeconds) : 0;
    this.locks.releaseAll();
    return user;
  }

  /** From here on sessions expire. Every thread has to be told the same. */
  limitSessions(lifetime: SessionLifetime): void {
    this.sessions.lifetime = lifetime;
  }

  /** Removes the sessions that have expired; they are refused already. */
  removeExpiredSessions(nowSeconds: number): void {
    this.sessions.forEachExpired(nowSeconds, (token) => {
      this.locks.acquire(this.sessions.lockOf(token));
      const session = this.sessions.find(token);
      const isExpired = session !== 0 && this.sessions.isExpired(session, nowSeconds);
      this.locks.release();
      // An expired session cannot come to life again in between.
      if (isExpired) this.closeSession(token);
    });
  }

  /** Ends a session. */
  closeSession(token: TokenWords): ErrorCode | 'OK' {
    return this.journal.reserve() ? this.removeSession(token) : 'BUSY';
  }

  /** Needs room in the journal for a session that is valid; the end of an ended one has been written down before. */
  private removeSession(token: TokenWords): ErrorCode | 'OK' {
    this.locks.acquire(this.sessions.lockOf(token));
    const session = this.sessions.find(token);
    if (session === 0) return this.operation.refuse('BAD_SESSION');
    this.locks.acquire(this.users.lockOf(this.sessions.userOf(session)));
    const wasValid = this.accounts.removeSession(session, token);
    if (wasValid && this.journal.isOn) this.journal.sessionClosed(token);
    this.operation.finish();
    return wasValid ? 'OK' : 'BAD_SESSION';
  }

  /**
   * Replaces a password and ends all sessions of the user but the one that asked. `WRONG_PASSWORD` when the password
   * has changed since the old one was checked, `BAD_SESSION` when the session has ended meanwhile.
   */
  changePassword(checked: CheckedUser, passwordHash: StoredText, keptToken: TokenWords): ErrorCode | 'OK' {
    const { user } = checked;
    if (!this.journal.reserve()) return 'BUSY';
    if (!this.blocks.reserve(passwordHash.blockCount)) return 'STORE_FULL';
    this.locks.acquire(this.sessions.lockOf(keptToken));
    const kept = this.sessions.find(keptToken);
    if (kept === 0 || this.sessions.userOf(kept) !== user) return this.operation.refuse('BAD_SESSION');
    this.locks.acquire(this.users.lockOf(user));
    if (!this.sessions.isOfThisEpoch(kept)) return this.operation.refuse('BAD_SESSION');
    if (this.memory.read(this.users.wordOf(user) + userRecord.passwordEpoch) !== checked.passwordEpoch) {
      return this.operation.refuse('WRONG_PASSWORD');
    }
    this.sessions.endAllOthers(user, kept);
    this.users.replacePassword(user, passwordHash);
    this.users.raisePasswordEpoch(user);
    if (this.journal.isOn) this.journal.passwordReplaced(user, passwordHash, keptToken);
    this.operation.finish();
    this.removeEndedSessions(user);
    return 'OK';
  }

  /** Replaces a password's hash by a newer form of the same password; nothing happens when the password has changed. */
  renewPasswordHash(checked: CheckedUser, passwordHash: StoredText): void {
    if (!this.journal.reserve() || !this.blocks.reserve(passwordHash.blockCount)) return;
    const { user } = checked;
    this.locks.acquire(this.users.lockOf(user));
    if (this.memory.read(this.users.wordOf(user) + userRecord.passwordEpoch) === checked.passwordEpoch) {
      this.users.replacePassword(user, passwordHash);
      if (this.journal.isOn) this.journal.passwordReplaced(user, passwordHash, undefined);
      this.operation.finish();
    } else {
      this.operation.refuse('WRONG_PASSWORD');
    }
  }

  /** Gives a user another password and ends all its sessions: for the operator. */
  resetPassword(name: Name, passwordHash: StoredText): ErrorCode | 'OK' {
    if (!this.journal.reserve()) return 'BUSY';
    if (!this.blocks.reserve(passwordHash.blockCount)) return 'STORE_FULL';
    this.locks.acquire(this.users.lockOfName(name));
    const user = this.users.find(name);
    if (user === 0) return this.operation.refuse('NO_SUCH_USER');
    this.accounts.endSessions(user);
    this.users.replacePassword(user, passwordHash);
    this.users.raisePasswordEpoch(user);
    if (this.journal.isOn) this.journal.passwordReplaced(user, passwordHash, noToken);
    this.operation.finish();
    this.removeEndedSessions(user);
    return 'OK';
  }

  /** Every living user, in order of number. One after the other: not of one moment. */
  listUsers(): ListedUser[] {
    const listed: ListedUser[] = [];
    for (let user = 1; user <= this.userCount; user += 1) {
      this.locks.acquire(this.users.lockOf(user));
      if (this.users.isLive(user)) listed.push(this.users.describe(user));
      this.locks.release();
    }
    return listed;
  }

  /** Counts a user as active now: a connection of it is open. */
  touchUser(user: number, nowSeconds: number): void {
    this.users.noteUse(user, nowSeconds);
  }

  /**
   * Calls `visit` for every active user, in order of login, until it returns false. It must take no lock. Active is who
   * has a session and has used it lately, or has a connection open.
   */
  forEachActive(nowSeconds: number, visit: (user: number) => boolean): void {
    const usedSince = nowSeconds - activeSeconds;
    this.active.forEach((user) => this.users.lastUsedSeconds(user) < usedSince || visit(user));
  }

  /** Whether a user has not been removed. */
  isLive(user: number): boolean {
    return this.users.isLive(user);
  }

  nameBytes(user: number): number {
    return this.users.nameBytes(user);
  }

  copyName(user: number, sink: TextSink): void {
    this.users.copyName(user, sink);
  }

  /** In bytes, escaped for JSON. */
  displayNameBytes(user: number): number {
    return this.users.displayBytes(user);
  }

  /** Copies the display name, escaped for JSON. */
  copyDisplayName(user: number, sink: TextSink): void {
    this.users.copyDisplayName(user, sink);
  }

  /** Whether a session is of its user's present epoch. Its lock is held; the user's may be afterwards. */
  private isValid(session: number): boolean {
    if (this.sessions.isOfThisEpoch(session)) return true;
    // A change of password under way may yet be taken back: only its lock tells.
    this.locks.acquire(this.users.lockOf(this.sessions.userOf(session)));
    return this.sessions.isOfThisEpoch(session);
  }

  private readCredentials(user: number): Credentials {
    const passwordEpoch = this.memory.read(this.users.wordOf(user) + userRecord.passwordEpoch);
    return { user, passwordHash: this.users.readPassword(user), passwordEpoch };
  }

  /** Frees the records of sessions that a change of password has ended; they are invalid already. */
  private removeEndedSessions(user: number): void {
    const token: TokenWords = new Int32Array(4);
    for (;;) {
      this.locks.acquire(this.users.lockOf(user));
      const ended = this.sessions.firstEnded(user);
      if (ended !== 0) this.sessions.readToken(ended, token);
      this.locks.release();
      if (ended === 0) return;
      this.removeSession(token);
    }
  }
}
