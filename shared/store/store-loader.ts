/**
 * Fills a fresh store from what is on disk, before anybody else uses it: the tables' rows, then the journal's rest,
 * record by record. Nothing of it is journaled again.
 */
import { highWord, joinWords, type JournalRecord, lowWord } from '../journal/record';
import { IdempotencyKey } from '../protocol/idempotency-key';
import { keyLifetimeSeconds } from '../protocol/limits';
import { Name } from '../protocol/name';
import type { TokenWords } from '../protocol/token';
import { header } from './header';
import { LoadError, storeTooSmall } from './load-error';
import type { Memory } from './memory';
import { userRecord } from './record-words';
import { RoomLoader } from './room-loader';
import { attachParts, type StoreParts } from './store-parts';
import { StoredText } from './stored-text';

/** More than relaxed durability can lose. */
const skippedSequences = 2 ** 20;

export class StoreLoader {
  /** Makes the rooms, after their members' users. */
  readonly rooms: RoomLoader;
  private readonly parts: StoreParts;
  private readonly name = new Name();
  private readonly text = new StoredText();
  private readonly key = new IdempotencyKey();
  /** Idempotency keys that came from the tables, and how many of them are under each lock. */
  private loadedKeys = 0;
  private readonly loadedKeysOfLock = new Map<number, number>();
  private readonly nowSeconds = Math.floor(Date.now() / 1_000);
  /** The largest that anything on disk speaks of. */
  private newestSequence = 0;

  constructor(memory: Memory, threadId: number) {
    this.parts = attachParts(memory, threadId, () => undefined);
    this.parts.journal.isOn = false;
    this.rooms = new RoomLoader(this.parts, (sequence) => {
      this.noteSequence(sequence);
    });
  }

  /** Ends the loading: sequences go on from the newest, and the thread's slot is free for another. */
  finish(): void {
    // What had not reached the disk may have been seen: its sequences must not come to mean something else.
    const next = this.newestSequence === 0 ? 0 : this.newestSequence + skippedSequences;
    this.writeWide(header.sequenceLow, next);
    this.parts.detach();
  }

  user(user: number, username: string, displayName: string, passwordHash: string): void {
    const { locks, users, blocks, operation } = this.parts;
    if (!this.name.readText(username)) throw new LoadError(`user ${user} has no proper name`, 'DATA_DAMAGED');
    const display = StoredText.fromAscii(displayName);
    const password = StoredText.fromAscii(passwordHash);
    if (user > users.capacity || !blocks.reserve(display.blockCount + password.blockCount))
      throw storeTooSmall();
    locks.acquire(users.lockOfName(this.name));
    users.link(user, this.name, display, password);
    operation.finish();
  }

  /** Makes a user one that was removed: its names stay, all else goes. */
  remove(user: number): void {
    const { locks, users, accounts, operation } = this.parts;
    if (!this.isLive(user)) return;
    this.rooms.leaveAll(user);
    locks.acquire(users.lockOf(user));
    accounts.removeUser(user);
    operation.finish();
    this.removeEndedSessions(user);
  }

  /** Notes the sequence of the newest message that a user ever had, and the one up to which everything is read. */
  inbox(user: number, lastSequence: number, readThrough: number): void {
    const word = this.parts.users.wordOf(user);
    this.writeWide(word + userRecord.lastSequenceLow, lastSequence);
    this.writeWide(word + userRecord.readThroughLow, readThrough);
    this.noteSequence(Math.max(lastSequence, readThrough));
  }

  /** Notes that this sequence has been given. */
  noteSequence(sequence: number): void {
    if (sequence > this.newestSequence) this.newestSequence = sequence;
  }

  session(token: TokenWords, user: number, openedAtSeconds: number): void {
    const { locks, users, sessions, accounts, operation } = this.parts;
    if (!this.isLive(user)) return;
    locks.acquire(sessions.lockOf(token));
    locks.acquire(users.lockOf(user));
    if (sessions.find(token) === 0) {
      const lastUsedSeconds = users.lastUsedSeconds(user);
      if (!accounts.openSession(token, user, openedAtSeconds)) throw storeTooSmall();
      // When it was last used is not on disk: it counts as used now, and expires by its age all the same.
      sessions.use(sessions.find(token), this.nowSeconds);
      users.noteUse(user, Math.max(openedAtSeconds, lastUsedSeconds));
    }
    operation.finish();
  }

  /** `receiver` is a user, or a room as its negative number. */
  message(receiver: number, sender: number, sequence: number, atMs: number, escapedText: Uint8Array): void {
    const { text } = this;
    const { locks, users, blocks, inbox, operation } = this.parts;
    this.noteSequence(sequence);
    if (receiver < 0) {
      this.rooms.message(-receiver, sender, sequence, atMs, escapedText);
      return;
    }
    if (!this.isLive(receiver)) return;
    text.take(escapedText);
    if (!blocks.reserve(text.messageBlockCount)) throw storeTooSmall();
    const newest = Math.max(sequence, this.readLastSequence(receiver));
    locks.acquire(users.lockOf(receiver));
    // The bound may have been lowered since: what was acknowledged is kept all the same.
    const firstBlock = inbox.append(receiver, sender, text, atMs, Infinity);
    inbox.number(receiver, firstBlock, lowWord(sequence), highWord(sequence));
    operation.finish();
    // The tables' counters come before their messages.
    this.writeWide(users.wordOf(receiver) + userRecord.lastSequenceLow, newest);
  }

  /**
   * Remembers the idempotency key of a post, as the tables have it: the newest first. False when there is no room for
   * older ones.
   */
  postedKey(sender: number, key: string, sequence: number, receiver: number, atMs: number): boolean {
    const { keys, locks, operation } = this.parts;
    const digest = this.digestOf(sender, key);
    const atSeconds = Math.floor(atMs / 1_000);
    if (this.loadedKeys === keys.capacity) return false;
    // Those behind it may be of a later time: the clock may have been set back when it came.
    if (this.nowSeconds - atSeconds > keyLifetimeSeconds) return true;
    const lock = keys.lockOf(digest);
    const loadedOfStripe = this.loadedKeysOfLock.get(lock) ?? 0;
    locks.acquire(lock);
    if (keys.find(digest, this.nowSeconds) === 0 && loadedOfStripe < keys.capacityOfStripe) {
      const inserted = keys.insertOlder(digest, receiver, atSeconds, loadedOfStripe);
      keys.number(inserted, lowWord(sequence), highWord(sequence));
      this.loadedKeysOfLock.set(lock, loadedOfStripe + 1);
      this.loadedKeys += 1;
    }
    operation.finish();
    return true;
  }

  /** Repeats a change. */
  apply(record: JournalRecord): void {
    const { locks, users, members, inbox, operation } = this.parts;
    if ('sequence' in record) this.noteSequence(record.sequence);
    switch (record.kind) {
      case 'message':
        this.message(record.receiver, record.sender, record.sequence, record.atMs, record.text);
        if (record.key !== '') this.rememberKey(record);
        return;
      case 'read':
        if (!this.isLive(record.user)) return;
        locks.acquire(users.lockOf(record.user));
        members.lockRoomsOf(record.user);
        inbox.markRead(record.user, record.sequence);
        operation.finish();
        return;
      case 'userCreated':
        this.user(record.user, record.username, record.displayName, record.passwordHash);
        return;
      case 'userRemoved':
        this.remove(record.user);
        return;
      case 'passwordChanged':
        this.replacePassword(record.user, record.passwordHash);
        this.endOthers(record.user, record.keptToken);
        return;
      case 'passwordRenewed':
        this.replacePassword(record.user, record.passwordHash);
        return;
      case 'sessionOpened':
        this.session(record.token, record.user, record.atSeconds);
        return;
      case 'sessionClosed':
        this.closeSession(record.token);
        return;
      case 'roomCreated':
      case 'roomJoined':
      case 'roomLeft':
        this.rooms.apply(record);
    }
  }

  private rememberKey({ sender, key, sequence, receiver, atMs }: JournalRecord & { kind: 'message' }): void {
    const { keys, locks, operation } = this.parts;
    const digest = this.digestOf(sender, key);
    locks.acquire(keys.lockOf(digest));
    const inserted = keys.insert(digest, receiver, Math.floor(atMs / 1_000));
    keys.number(inserted, lowWord(sequence), highWord(sequence));
    operation.finish();
  }

  private digestOf(sender: number, key: string): Int32Array {
    if (!this.key.readText(key))
      throw new LoadError(`user ${sender} has posted under an impossible key`, 'DATA_DAMAGED');
    return this.parts.keys.digestOf(sender, this.key);
  }

  private replacePassword(user: number, passwordHash: string): void {
    const { locks, users, blocks, operation } = this.parts;
    if (!this.isLive(user)) return;
    const password = StoredText.fromAscii(passwordHash);
    if (!blocks.reserve(password.blockCount)) throw storeTooSmall();
    locks.acquire(users.lockOf(user));
    users.replacePassword(user, password);
    operation.finish();
  }

  private endOthers(user: number, keptToken: TokenWords): void {
    const { locks, users, sessions, accounts, operation } = this.parts;
    if (!this.isLive(user)) return;
    locks.acquire(sessions.lockOf(keptToken));
    locks.acquire(users.lockOf(user));
    const kept = sessions.find(keptToken);
    if (kept !== 0 && sessions.userOf(kept) === user) sessions.endAllOthers(user, kept);
    else accounts.endSessions(user);
    operation.finish();
    this.removeEndedSessions(user);
  }

  private removeEndedSessions(user: number): void {
    const { sessions } = this.parts;
    const token = new Int32Array(4);
    for (let ended = 0; (ended = sessions.firstEnded(user)) !== 0;) {
      sessions.readToken(ended, token);
      this.closeSession(token);
    }
  }

  private closeSession(token: TokenWords): void {
    const { locks, users, sessions, accounts, operation } = this.parts;
    locks.acquire(sessions.lockOf(token));
    const session = sessions.find(token);
    if (session !== 0) {
      locks.acquire(users.lockOf(sessions.userOf(session)));
      accounts.removeSession(session, token);
    }
    operation.finish();
  }

  private readLastSequence(user: number): number {
    const low = this.userWord(user, userRecord.lastSequenceLow);
    return joinWords(low, this.userWord(user, userRecord.lastSequenceHigh));
  }

  private isLive(user: number): boolean {
    return user > 0 && user <= this.parts.users.capacity && this.parts.users.isLive(user);
  }

  private userWord(user: number, field: number): number {
    return this.parts.memory.read(this.parts.users.wordOf(user) + field);
  }

  private writeWide(word: number, value: number): void {
    this.parts.memory.write(word, lowWord(value));
    this.parts.memory.write(word + 1, highWord(value));
  }
}
