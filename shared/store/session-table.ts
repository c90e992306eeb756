/**
 * Sessions: a hash table by token with chaining, whole buckets to a lock stripe. A user's sessions also form a list,
 * whose links the user's lock guards, not the session's.
 */
import type { TokenWords } from '../protocol/token';
import { header } from './header';
import type { Layout } from './layout';
import type { Locks } from './lock';
import { lockNumber, stripesPerTable } from './lock-numbers';
import type { Memory } from './memory';
import { sessionRecord, userRecord } from './record-words';
import { SessionCache } from './session-cache';
import type { Transaction } from './transaction';
import type { UserTable } from './user-table';

/** Chains are short; a walk that takes more steps than this has strayed. */
const unlockedStepsMax = 64;

/** How long a session lives, and how long without being used. */
export interface SessionLifetime {
  readonly ageSecondsMax: number;
  readonly idleSecondsMax: number;
}

export class SessionTable {
  lifetime: SessionLifetime = { ageSecondsMax: Infinity, idleSecondsMax: Infinity };
  private readonly cache = new SessionCache();

  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
    private readonly locks: Locks,
    private readonly transaction: Transaction,
    private readonly users: UserTable,
  ) {}

  /** The word where a session's record starts. */
  wordOf(session: number): number {
    return this.layout.sessions + (session - 1) * sessionRecord.words;
  }

  lockOf(token: TokenWords): number {
    return lockNumber.sessionStripe + (hashOf(token) & (stripesPerTable - 1));
  }

  /** The session of a token, valid or ended, or 0. The token's lock is held. */
  find(token: TokenWords): number {
    const { memory } = this;
    let session = memory.read(this.bucketWord(token));
    while (session !== 0) {
      const word = this.wordOf(session);
      if (
        memory.read(word + sessionRecord.token) === token[0] &&
        memory.read(word + sessionRecord.token + 1) === token[1] &&
        memory.read(word + sessionRecord.token + 2) === token[2] &&
        memory.read(word + sessionRecord.token + 3) === token[3]
      ) {
        return session;
      }
      session = memory.read(word + sessionRecord.nextInBucket);
    }
    return 0;
  }

  /**
   * Uses a session without a lock: its user, or 0 when such a look does not settle the matter and `find` has to. A
   * session whose user is returned was valid at some moment of the call.
   *
   * Chains may change while they are walked, so a record that was reused may lead into another bucket's chain, and the
   * number of steps is bounded. What is read of a record counts only if its version was even and is the same after.
   */
  useUnlocked(token: TokenWords, nowSeconds: number): number {
    const { memory, cache } = this;
    if (cache.find(token, hashOf(token)) && this.isStillValid(cache, nowSeconds)) {
      this.noteUse(cache.record, cache.user, nowSeconds);
      return cache.user;
    }
    let session = memory.load(this.bucketWord(token));
    for (let step = 0; session !== 0 && step < unlockedStepsMax; step += 1) {
      const word = this.wordOf(session);
      const version = memory.load(word + sessionRecord.version);
      if (
        memory.load(word + sessionRecord.token) === token[0] &&
        memory.load(word + sessionRecord.token + 1) === token[1] &&
        memory.load(word + sessionRecord.token + 2) === token[2] &&
        memory.load(word + sessionRecord.token + 3) === token[3]
      ) {
        const user = memory.load(word + sessionRecord.user);
        const epoch = memory.load(word + sessionRecord.epoch);
        if (user === 0) return 0;
        const isOfThisEpoch = memory.load(this.users.wordOf(user) + userRecord.sessionEpoch) === epoch;
        if ((version & 1) === 1 || memory.load(word + sessionRecord.version) !== version) return 0;
        if (!isOfThisEpoch || this.isExpiredAt(word, nowSeconds)) return 0;
        cache.note(token, hashOf(token), word, version, user, epoch);
        this.noteUse(word, user, nowSeconds);
        return user;
      }
      session = memory.load(word + sessionRecord.nextInBucket);
    }
    return 0;
  }

  /**
   * Whether the session is what it was when the thread saw it used last, and has not been ended since. User and epoch
   * are looked at too: a change that was taken back leaves the version that it had given the record.
   */
  private isStillValid({ record, version, user, epoch }: SessionCache, nowSeconds: number): boolean {
    const { memory } = this;
    return (
      memory.load(record + sessionRecord.version) === version &&
      memory.load(record + sessionRecord.user) === user &&
      memory.load(record + sessionRecord.epoch) === epoch &&
      memory.load(this.users.wordOf(user) + userRecord.sessionEpoch) === epoch &&
      !this.isExpiredAt(record, nowSeconds)
    );
  }

  /** Whether a session has outlived its time, or has not been used for too long. */
  isExpired(session: number, nowSeconds: number): boolean {
    return this.isExpiredAt(this.wordOf(session), nowSeconds);
  }

  private isExpiredAt(word: number, nowSeconds: number): boolean {
    const { memory, lifetime } = this;
    return (
      nowSeconds - memory.readSeconds(word + sessionRecord.createdAtSeconds) > lifetime.ageSecondsMax ||
      nowSeconds - memory.readSeconds(word + sessionRecord.lastUsedSeconds) > lifetime.idleSecondsMax
    );
  }

  /** Calls `visit` with the token of every session that has expired. Holds no lock: the token may be gone by then. */
  forEachExpired(nowSeconds: number, visit: (token: TokenWords) => void): void {
    const { memory } = this;
    const token: TokenWords = new Int32Array(4);
    const last = memory.load(header.sessionBump);
    for (let session = 1; session <= last; session += 1) {
      if (
        memory.load(this.wordOf(session) + sessionRecord.user) === 0 ||
        !this.isExpired(session, nowSeconds)
      )
        continue;
      this.readToken(session, token);
      visit(token);
    }
  }

  userOf(session: number): number {
    return this.memory.read(this.wordOf(session) + sessionRecord.user);
  }

  /** Links a new session; 0 when the store is full. The locks of token and user are held; the allocator's stays held. */
  insert(token: TokenWords, user: number, nowSeconds: number): number {
    const { memory, transaction } = this;
    this.locks.acquire(lockNumber.sessionAllocator);
    const session = this.allocate();
    if (session === 0) return 0;
    const word = this.wordOf(session);
    const userWord = this.users.wordOf(user);
    const bucketWord = this.bucketWord(token);
    const oldHead = memory.read(userWord + userRecord.sessionHead);
    this.beginChange(word);
    // Nothing links to the record yet, so plain writes do, but for the words by which a free record is known: its
    // link in the free list and its having no user.
    memory.writeWords(word + sessionRecord.token, token, 0, 4);
    transaction.set(word + sessionRecord.user, user);
    memory.write(word + sessionRecord.epoch, memory.read(userWord + userRecord.sessionEpoch));
    memory.write(word + sessionRecord.createdAtSeconds, nowSeconds);
    memory.write(word + sessionRecord.lastUsedSeconds, nowSeconds);
    memory.write(word + sessionRecord.previousOfUser, 0);
    memory.write(word + sessionRecord.nextOfUser, oldHead);
    transaction.set(word + sessionRecord.nextInBucket, memory.read(bucketWord));
    this.endChange(word);
    transaction.set(bucketWord, session);
    if (oldHead !== 0) transaction.set(this.wordOf(oldHead) + sessionRecord.previousOfUser, session);
    transaction.set(userWord + userRecord.sessionHead, session);
    transaction.add(userWord + userRecord.sessionCount, 1);
    return session;
  }

  /** Takes a session out. The locks of token and user are held; the allocator's stays held. */
  remove(session: number, token: TokenWords): void {
    const { memory, transaction } = this;
    const word = this.wordOf(session);
    const userWord = this.users.wordOf(memory.read(word + sessionRecord.user));
    this.locks.acquire(lockNumber.sessionAllocator);
    this.beginChange(word);
    transaction.set(this.linkTo(session, token), memory.read(word + sessionRecord.nextInBucket));
    this.unlinkFromUser(session, userWord);
    transaction.set(word + sessionRecord.user, 0);
    transaction.set(word + sessionRecord.nextInBucket, memory.read(header.sessionFree));
    transaction.set(header.sessionFree, session);
    transaction.add(header.sessionCount, -1);
    this.endChange(word);
  }

  /** Reads a session's token. It stays while the lock of the session's user is held. */
  readToken(session: number, token: TokenWords): void {
    const word = this.wordOf(session) + sessionRecord.token;
    for (let index = 0; index < 4; index += 1) token[index] = this.memory.read(word + index);
  }

  /** Notes that a session was used and returns its user. The token's lock is held. */
  use(session: number, nowSeconds: number): number {
    const user = this.userOf(session);
    this.noteUse(this.wordOf(session), user, nowSeconds);
    return user;
  }

  /** Not part of any transaction: a time a moment off, even in a record just reused, harms nothing. */
  private noteUse(sessionWord: number, user: number, nowSeconds: number): void {
    const word = sessionWord + sessionRecord.lastUsedSeconds;
    if (this.memory.readSeconds(word) !== nowSeconds) this.memory.write(word, nowSeconds);
    this.users.noteUse(user, nowSeconds);
  }

  /** Ends all sessions of a user but one, at once. The locks of the user and of the kept session are held. */
  endAllOthers(user: number, kept: number): void {
    const { memory, transaction } = this;
    const userWord = this.users.wordOf(user);
    const keptWord = this.wordOf(kept);
    this.unlinkFromUser(kept, userWord);
    this.moveAllToEnded(userWord);
    transaction.set(keptWord + sessionRecord.previousOfUser, 0);
    transaction.set(keptWord + sessionRecord.nextOfUser, 0);
    transaction.set(userWord + userRecord.sessionHead, kept);
    transaction.set(userWord + userRecord.sessionCount, 1);
    const epoch = memory.read(userWord + userRecord.sessionEpoch) + 1;
    this.beginChange(keptWord);
    transaction.set(keptWord + sessionRecord.epoch, epoch);
    this.endChange(keptWord);
    transaction.set(userWord + userRecord.sessionEpoch, epoch);
  }

  /** Ends all sessions of a user at once. The user's lock is held. */
  endAll(user: number): void {
    const userWord = this.users.wordOf(user);
    this.moveAllToEnded(userWord);
    this.transaction.set(userWord + userRecord.sessionHead, 0);
    this.transaction.set(userWord + userRecord.sessionCount, 0);
    this.transaction.add(userWord + userRecord.sessionEpoch, 1);
  }

  /** A session of the user that has been ended and not yet removed, or 0. The user's lock is held. */
  firstEnded(user: number): number {
    return this.memory.read(this.users.wordOf(user) + userRecord.endedHead);
  }

  /** Puts the list of valid sessions before that of the ended ones. */
  private moveAllToEnded(userWord: number): void {
    const { memory, transaction } = this;
    const head = memory.read(userWord + userRecord.sessionHead);
    if (head === 0) return;
    let tail = head;
    for (let next = tail; next !== 0; next = memory.read(this.wordOf(next) + sessionRecord.nextOfUser))
      tail = next;
    const endedHead = memory.read(userWord + userRecord.endedHead);
    transaction.set(this.wordOf(tail) + sessionRecord.nextOfUser, endedHead);
    if (endedHead !== 0) transaction.set(this.wordOf(endedHead) + sessionRecord.previousOfUser, tail);
    transaction.set(userWord + userRecord.endedHead, head);
  }

  /** Takes a session out of its user's list, of valid sessions or of ended ones. */
  private unlinkFromUser(session: number, userWord: number): void {
    const { memory, transaction } = this;
    const word = this.wordOf(session);
    const isValid = this.isOfThisEpoch(session);
    const previous = memory.read(word + sessionRecord.previousOfUser);
    const next = memory.read(word + sessionRecord.nextOfUser);
    const head = userWord + (isValid ? userRecord.sessionHead : userRecord.endedHead);
    transaction.set(previous === 0 ? head : this.wordOf(previous) + sessionRecord.nextOfUser, next);
    if (next !== 0) transaction.set(this.wordOf(next) + sessionRecord.previousOfUser, previous);
    if (isValid) transaction.add(userWord + userRecord.sessionCount, -1);
  }

  /** From here on readers without a lock disregard the record. A thread that dies before `endChange` leaves it so. */
  private beginChange(word: number): void {
    this.memory.store(word + sessionRecord.version, this.memory.read(word + sessionRecord.version) | 1);
  }

  private endChange(word: number): void {
    this.memory.store(word + sessionRecord.version, this.memory.read(word + sessionRecord.version) + 1);
  }

  private allocate(): number {
    const { memory, transaction } = this;
    const free = memory.read(header.sessionFree);
    if (free !== 0) {
      transaction.set(header.sessionFree, memory.read(this.wordOf(free) + sessionRecord.nextInBucket));
      transaction.add(header.sessionCount, 1);
      return free;
    }
    const fresh = memory.read(header.sessionBump) + 1;
    if (fresh > this.layout.sessionsMax) return 0;
    transaction.set(header.sessionBump, fresh);
    transaction.add(header.sessionCount, 1);
    return fresh;
  }

  /** Whether the session was issued, or kept, since its user's sessions were last ended. */
  isOfThisEpoch(session: number): boolean {
    const word = this.wordOf(session);
    const userWord = this.users.wordOf(this.memory.read(word + sessionRecord.user));
    return (
      this.memory.read(word + sessionRecord.epoch) === this.memory.load(userWord + userRecord.sessionEpoch)
    );
  }

  private bucketWord(token: TokenWords): number {
    return this.layout.sessionBuckets + (hashOf(token) & (this.layout.sessionBucketCount - 1));
  }

  /** The word that links to a session in its bucket's chain. */
  private linkTo(session: number, token: TokenWords): number {
    let link = this.bucketWord(token);
    for (;;) {
      const found = this.memory.read(link);
      if (found === session) return link;
      if (found === 0) throw new Error(`session ${session} is not in the bucket of its token`);
      link = this.wordOf(found) + sessionRecord.nextInBucket;
    }
  }
}

/** Tokens are random: any of their bits are a hash. */
function hashOf(token: TokenWords): number {
  return token[0]! ^ token[3]!;
}
