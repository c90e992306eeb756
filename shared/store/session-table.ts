/**
 * Sessions: a hash table by token with chaining, whole buckets to a lock stripe. A user's sessions also form a list,
 * whose links the user's lock guards, not the session's.
 */
import type { TokenWords } from '../protocol/token';
import { header, type Layout, lockNumber, sessionRecord, stripesPerTable, userRecord } from './layout';
import type { Locks } from './lock';
import type { Memory } from './memory';
import type { Transaction } from './transaction';
import type { UserTable } from './user-table';

export class SessionTable {
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

  /** The session of a token, or 0; also 0 when its user's sessions were ended since. The token's lock is held. */
  find(token: TokenWords): number {
    const session = this.findRecord(token);
    return session !== 0 && this.isOfThisEpoch(session) ? session : 0;
  }

  /** The session record of a token, ended or not, or 0. The token's lock is held. */
  findRecord(token: TokenWords): number {
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
    transaction.set(this.linkTo(session, token), memory.read(word + sessionRecord.nextInBucket));
    const previous = memory.read(word + sessionRecord.previousOfUser);
    const next = memory.read(word + sessionRecord.nextOfUser);
    const linkFromPrevious =
      previous === 0 ? userWord + userRecord.sessionHead : this.wordOf(previous) + sessionRecord.nextOfUser;
    transaction.set(linkFromPrevious, next);
    if (next !== 0) transaction.set(this.wordOf(next) + sessionRecord.previousOfUser, previous);
    transaction.add(userWord + userRecord.sessionCount, -1);
    transaction.set(word + sessionRecord.user, 0);
    transaction.set(word + sessionRecord.nextInBucket, memory.read(header.sessionFree));
    transaction.set(header.sessionFree, session);
    transaction.add(header.sessionCount, -1);
  }

  /** Reads a session's token. The lock of the session's user is held, so the session is linked and its token stays. */
  readToken(session: number, token: TokenWords): void {
    const word = this.wordOf(session) + sessionRecord.token;
    for (let index = 0; index < 4; index += 1) token[index] = this.memory.read(word + index);
  }

  /** Notes that a session was used. Not part of any transaction: a time a moment off harms nothing. */
  noteUse(session: number, nowSeconds: number): void {
    const word = this.wordOf(session) + sessionRecord.lastUsedSeconds;
    if (this.memory.read(word) !== nowSeconds) this.memory.write(word, nowSeconds);
  }

  /** Ends all sessions of a user but one, at once. The locks of the user and of the kept session are held. */
  endAllOthers(user: number, kept: number): void {
    const { memory, transaction } = this;
    const epochWord = this.users.wordOf(user) + userRecord.sessionEpoch;
    const epoch = memory.read(epochWord) + 1;
    transaction.set(this.wordOf(kept) + sessionRecord.epoch, epoch);
    transaction.set(epochWord, epoch);
  }

  /** A session of the user that has been ended and not yet removed, or 0. The user's lock is held. */
  findEnded(user: number): number {
    const { memory } = this;
    let session = memory.read(this.users.wordOf(user) + userRecord.sessionHead);
    while (session !== 0 && this.isOfThisEpoch(session))
      session = memory.read(this.wordOf(session) + sessionRecord.nextOfUser);
    return session;
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
