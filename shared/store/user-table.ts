/**
 * Users: a hash table with chaining, whole buckets to a lock stripe. A user's number (from 1) is given once and never
 * reused while the store lives, and name, hash and display name of a linked record never change: whoever got a number
 * under any lock may read those without one.
 */
import type { Name } from '../protocol/name';
import type { BlockPool, TextSink } from './block-pool';
import { header } from './header';
import type { Layout } from './layout';
import type { Locks } from './lock';
import { lockNumber, stripesPerTable } from './lock-numbers';
import type { Memory } from './memory';
import type { NameHash } from './name-hash';
import { userRecord, userState } from './record-words';
import type { StoredText } from './stored-text';
import { TextCollector } from './text-collector';
import type { Transaction } from './transaction';

const nameWords = userRecord.displayHead - userRecord.name;

export class UserTable {
  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
    private readonly locks: Locks,
    private readonly transaction: Transaction,
    private readonly blocks: BlockPool,
    private readonly hash: NameHash,
  ) {}

  /** How many users there can ever be. */
  get capacity(): number {
    return this.layout.usersMax;
  }

  /** The word where a user's record starts. */
  wordOf(user: number): number {
    return this.layout.users + (user - 1) * userRecord.words;
  }

  /** The lock of the stripe that a name hashes to. */
  lockOfName(name: Name): number {
    return lockNumber.userStripe + (this.hash.of(name) & (stripesPerTable - 1));
  }

  /** The lock of a user's stripe. */
  lockOf(user: number): number {
    const hash = this.memory.read(this.wordOf(user) + userRecord.hash);
    return lockNumber.userStripe + (hash & (stripesPerTable - 1));
  }

  /** The living user of a name, or 0. The name's lock is held. */
  find(name: Name): number {
    const { memory } = this;
    const hash = this.hash.of(name);
    let user = memory.read(this.bucketWord(hash));
    while (user !== 0) {
      const word = this.wordOf(user);
      if (memory.read(word + userRecord.hash) === hash && this.hasName(word, name)) {
        // Behind a removed user, another of the same name may live.
        if (memory.read(word + userRecord.state) === userState.live) return user;
      }
      user = memory.read(word + userRecord.nextInBucket);
    }
    return 0;
  }

  /**
   * Links a new user; returns its number, or 0 when the store is full. The name's lock is held, the name is free, and
   * blocks for both texts are reserved. Part of the caller's transaction; the allocator's lock stays held with it.
   */
  insert(name: Name, displayName: StoredText, passwordHash: StoredText): number {
    this.locks.acquire(lockNumber.userAllocator);
    const user = this.memory.read(header.userCount) + 1;
    if (user > this.layout.usersMax) return 0;
    this.link(user, name, displayName, passwordHash);
    return user;
  }

  /** Links a user under a number that nobody has. For the loader; like `insert` otherwise. */
  link(user: number, name: Name, displayName: StoredText, passwordHash: StoredText): void {
    const { memory, transaction } = this;
    if (user > memory.read(header.userCount)) transaction.set(header.userCount, user);
    const word = this.wordOf(user);
    const hash = this.hash.of(name);
    // Nothing links to the record yet: plain writes.
    memory.write(word + userRecord.hash, hash);
    memory.write(word + userRecord.nameBytes, name.lengthBytes);
    memory.writeWords(word + userRecord.name, name.words, 0, nameWords);
    memory.write(word + userRecord.displayBytes, displayName.lengthBytes);
    memory.write(word + userRecord.displayHead, this.store(displayName));
    memory.write(word + userRecord.passwordBytes, passwordHash.lengthBytes);
    memory.write(word + userRecord.passwordHead, this.store(passwordHash));
    const bucketWord = this.bucketWord(hash);
    memory.write(word + userRecord.nextInBucket, memory.read(bucketWord));
    // This is what makes it a record. Nobody has ever heard of a number whose record lacks it.
    transaction.set(word + userRecord.state, userState.live);
    transaction.set(bucketWord, user);
  }

  /** Replaces the password's hash. The user's lock is held and blocks are reserved. Part of the caller's transaction. */
  replacePassword(user: number, passwordHash: StoredText): void {
    const { memory, transaction, blocks } = this;
    const word = this.wordOf(user);
    const oldHead = memory.read(word + userRecord.passwordHead);
    const head = this.store(passwordHash);
    let oldTail = oldHead;
    let oldCount = 1;
    for (let next = oldHead; (next = memory.read(blocks.wordOf(next))) !== 0; oldCount += 1) oldTail = next;
    transaction.set(word + userRecord.passwordHead, head);
    transaction.set(word + userRecord.passwordBytes, passwordHash.lengthBytes);
    blocks.give(oldHead, oldTail, oldCount);
  }

  /** What the operator sees of a user, who is live. The user's lock is held. */
  describe(user: number): { username: string; displayName: string; sessions: number; unread: number } {
    const word = this.wordOf(user);
    const username = new TextCollector();
    const displayName = new TextCollector();
    this.copyName(user, username);
    this.copyDisplayName(user, displayName);
    return {
      username: username.text,
      displayName: displayName.text,
      sessions: this.memory.read(word + userRecord.sessionCount),
      unread: this.memory.read(word + userRecord.inboxMessageCount),
    };
  }

  /** Notes that the user was there. No part of any transaction: a time a moment off harms nothing. */
  noteUse(user: number, nowSeconds: number): void {
    const word = this.wordOf(user) + userRecord.lastUsedSeconds;
    if (this.memory.readSeconds(word) !== nowSeconds) this.memory.write(word, nowSeconds);
  }

  lastUsedSeconds(user: number): number {
    return this.memory.readSeconds(this.wordOf(user) + userRecord.lastUsedSeconds);
  }

  isLive(user: number): boolean {
    return this.memory.read(this.wordOf(user) + userRecord.state) === userState.live;
  }

  /** Leaves of a user what the messages that it sent need: its number and its names. The user's lock is held. */
  markRemoved(user: number): void {
    this.transaction.set(this.wordOf(user) + userRecord.state, userState.removed);
    this.raisePasswordEpoch(user);
  }

  /** Notes that the password is another: whoever checked the old one has checked nothing. The user's lock is held. */
  raisePasswordEpoch(user: number): void {
    this.transaction.add(this.wordOf(user) + userRecord.passwordEpoch, 1);
  }

  /** The password's hash as text. The user's lock is held. */
  readPassword(user: number): string {
    const word = this.wordOf(user);
    const sink = new TextCollector();
    this.blocks.copyText(
      this.memory.read(word + userRecord.passwordHead),
      'continuation',
      this.memory.read(word + userRecord.passwordBytes),
      sink,
    );
    return sink.text;
  }

  nameBytes(user: number): number {
    return this.memory.read(this.wordOf(user) + userRecord.nameBytes);
  }

  /** Writes the username. */
  copyName(user: number, sink: TextSink): void {
    const word = this.wordOf(user);
    sink.copy(this.memory.view, (word + userRecord.name) * 4, this.memory.read(word + userRecord.nameBytes));
  }

  displayBytes(user: number): number {
    return this.memory.read(this.wordOf(user) + userRecord.displayBytes);
  }

  /** Writes the display name, escaped for JSON. */
  copyDisplayName(user: number, sink: TextSink): void {
    const word = this.wordOf(user);
    const lengthBytes = this.memory.read(word + userRecord.displayBytes);
    if (lengthBytes === 0) return;
    this.blocks.copyText(this.memory.read(word + userRecord.displayHead), 'continuation', lengthBytes, sink);
  }

  private store(text: StoredText): number {
    if (text.blockCount === 0) return 0;
    const head = this.blocks.take(text.blockCount);
    this.blocks.fill(head, 'continuation', text.words, text.lengthBytes);
    return head;
  }

  private bucketWord(hash: number): number {
    return this.layout.userBuckets + (hash & (this.layout.userBucketCount - 1));
  }

  private hasName(word: number, name: Name): boolean {
    const { memory } = this;
    const usedWords = (name.lengthBytes + 3) >> 2;
    for (let index = 0; index < usedWords; index += 1) {
      if (memory.read(word + userRecord.name + index) !== name.words[index]) return false;
    }
    return memory.read(word + userRecord.nameBytes) === name.lengthBytes;
  }
}
