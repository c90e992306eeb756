/**
 * The journal ring, as the threads that change the store write it: a record for each change, published under the
 * locks of what it changes, so that the order of records is the order of changes. The journal thread takes records
 * from it to the disk (`journal-reader.ts`).
 *
 * Publishing is the commit point: one atomic store of `ringTail`. The tail that it will leave is written down in the
 * thread's slot first, so that recovery can tell on which side of it a thread died: the thread holds the ring's lock,
 * so nobody else moves the tail meanwhile.
 *
 * A record never wraps: what is left before the ring's end is filled with a filler record, which may be just its
 * length word.
 */
import { frameHeaderWords } from '../journal/frame';
import {
  highWord,
  lowWord,
  memberField,
  messageField,
  passwordField,
  readField,
  recordKind,
  type RecordKind,
  recordVersion,
  roomCreatedField,
  sessionClosedField,
  sessionOpenedField,
  textWords,
  userCreatedField,
  userRemovedField,
} from '../journal/record';
import type { IdempotencyKey } from '../protocol/idempotency-key';
import type { Name } from '../protocol/name';
import type { TokenWords } from '../protocol/token';
import { header, journalState } from './header';
import type { Layout } from './layout';
import type { Locks } from './lock';
import { lockNumber } from './lock-numbers';
import type { Memory } from './memory';
import type { StoredText } from './stored-text';
import { threadSlot } from './thread-slot';

/** No record is longer: a message of the longest text, or a user with the longest of everything. */
const recordWordsMax = 3_584;
/**
 * While the disk takes nothing, changes that may be late get this part of the ring. Each may come to the disk in a payload
 * of its own, whose header is longer than the record: so much of the ring needs no more blocks than all of it otherwise.
 */
const lateShare = 3;
if (frameHeaderWords + readField.end > lateShare * readField.end)
  throw new Error('late changes need more blocks');
/** How long a thread that found the ring full sleeps before it looks again. */
const fullWaitMs = 100;

/** Every thread may publish one record, and fill to the ring's end for it, after it has seen that there is room. */
export function marginWordsFor(threadsMax: number): number {
  return threadsMax * 2 * recordWordsMax;
}

/** The smallest ring that so many threads work well with. */
export function ringWordsNeeded(threadsMax: number): number {
  return 4 * marginWordsFor(threadsMax);
}

export class JournalRing {
  /** Whether there is a journal. Turned off while the tables are loaded into the store. */
  isOn: boolean;
  /** The position after the last record that this thread published, as `ringTail` counts. */
  private lastPublished = 0;
  private hasAwaited = false;

  /** Where the record being written begins, as `ringTail` counts, and what fills the ring's end before it. */
  private tail = 0;
  private fillerWords = 0;
  private readonly mask: number;
  private readonly marginWords: number;

  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
    private readonly locks: Locks,
    private readonly slotWord: number,
  ) {
    this.isOn = layout.ringWords > 0;
    this.mask = layout.ringWords - 1;
    this.marginWords = marginWordsFor(layout.threadsMax);
    if (this.isOn && layout.ringWords < ringWordsNeeded(layout.threadsMax))
      throw new RangeError('the journal ring is too small');
  }

  /** From here on `awaited` speaks of what is published next. */
  forgetAwaited(): void {
    this.hasAwaited = false;
  }

  /** The position that has to be on disk before replies leave, since `forgetAwaited`; undefined when there is none. */
  get awaited(): number | undefined {
    return this.hasAwaited ? this.lastPublished : undefined;
  }

  /** Whether the disk takes nothing at the moment. */
  get isFailing(): boolean {
    return this.memory.load(header.journalState) === journalState.failing;
  }

  /** Lets replies wait for all that is published, whoever did it: they speak of it. */
  awaitPublished(): void {
    if (!this.isOn) return;
    const tail = this.memory.load(header.ringTail);
    if (tail === this.memory.load(header.ringDurable)) return;
    this.lastPublished = tail;
    this.hasAwaited = true;
  }

  /**
   * Waits for room for one record, in the ring and on the disk; called before an operation takes any lock. False when the
   * disk takes nothing: then nothing may be changed. `mayBeLate` is for changes whose reply does not wait for the disk:
   * they go on for a while.
   */
  reserve(mayBeLate = false): boolean {
    if (!this.isOn) return true;
    const { memory } = this;
    for (;;) {
      const durable = memory.load(header.ringDurable);
      const { isFailing } = this;
      if (isFailing && !mayBeLate) return false;
      const used = (memory.load(header.ringTail) - memory.load(header.ringReserved)) | 0;
      const { ringWords } = this.layout;
      if (used + this.marginWords <= (isFailing ? ringWords / lateShare : ringWords)) return true;
      if (isFailing) return false;
      // What this thread has published of the batch in hand may be all that could make room.
      this.announce();
      memory.wait(header.ringDurable, durable, fullWaitMs);
    }
  }

  message(
    receiver: number,
    sender: number,
    sequenceLow: number,
    sequenceHigh: number,
    atMs: number,
    text: StoredText,
    key?: IdempotencyKey,
  ): void {
    const keyAt = messageField.text + textWords(text.lengthBytes);
    const keyBytes = key === undefined ? 0 : key.lengthBytes;
    const words = keyAt + textWords(keyBytes);
    const at = this.begin(recordKind.message, words);
    const { memory } = this;
    memory.write(at + messageField.receiver, receiver);
    memory.write(at + messageField.sender, sender);
    memory.write(at + messageField.sequenceLow, sequenceLow);
    memory.write(at + messageField.sequenceHigh, sequenceHigh);
    memory.write(at + messageField.atLow, lowWord(atMs));
    memory.write(at + messageField.atHigh, highWord(atMs));
    this.writeText(at + messageField.textBytes, at + messageField.text, text);
    memory.write(at + messageField.keyBytes, keyBytes);
    if (key !== undefined) memory.writeWords(at + keyAt, key.words, 0, textWords(keyBytes));
    this.publish(words);
  }

  /** `isAwaited`: whether the reply to it waits for the disk. */
  read(user: number, sequenceLow: number, sequenceHigh: number, isAwaited: boolean): void {
    const at = this.begin(recordKind.read, readField.end);
    this.memory.write(at + readField.user, user);
    this.memory.write(at + readField.sequenceLow, sequenceLow);
    this.memory.write(at + readField.sequenceHigh, sequenceHigh);
    this.publish(readField.end, isAwaited);
  }

  userCreated(
    user: number,
    atMs: number,
    name: Name,
    displayName: StoredText,
    passwordHash: StoredText,
  ): void {
    const displayNameAt = userCreatedField.texts + textWords(name.lengthBytes);
    const passwordHashAt = displayNameAt + textWords(displayName.lengthBytes);
    const words = passwordHashAt + textWords(passwordHash.lengthBytes);
    const at = this.begin(recordKind.userCreated, words);
    const { memory } = this;
    memory.write(at + userCreatedField.user, user);
    memory.write(at + userCreatedField.atLow, lowWord(atMs));
    memory.write(at + userCreatedField.atHigh, highWord(atMs));
    memory.write(at + userCreatedField.nameBytes, name.lengthBytes);
    memory.writeWords(at + userCreatedField.texts, name.words, 0, textWords(name.lengthBytes));
    this.writeText(at + userCreatedField.displayNameBytes, at + displayNameAt, displayName);
    this.writeText(at + userCreatedField.passwordHashBytes, at + passwordHashAt, passwordHash);
    this.publish(words);
  }

  /** `keptToken`: the one session that goes on; undefined when the password was only hashed anew. */
  passwordReplaced(user: number, passwordHash: StoredText, keptToken: TokenWords | undefined): void {
    const kind = keptToken === undefined ? recordKind.passwordRenewed : recordKind.passwordChanged;
    const words = passwordField.texts + textWords(passwordHash.lengthBytes);
    const at = this.begin(kind, words);
    this.memory.write(at + passwordField.user, user);
    this.memory.writeWords(at + passwordField.keptToken, keptToken ?? noToken, 0, 4);
    this.writeText(at + passwordField.passwordHashBytes, at + passwordField.texts, passwordHash);
    this.publish(words);
  }

  sessionOpened(token: TokenWords, user: number, atSeconds: number): void {
    const at = this.begin(recordKind.sessionOpened, sessionOpenedField.end);
    this.memory.writeWords(at + sessionOpenedField.token, token, 0, 4);
    this.memory.write(at + sessionOpenedField.user, user);
    this.memory.write(at + sessionOpenedField.atSeconds, atSeconds);
    this.publish(sessionOpenedField.end);
  }

  sessionClosed(token: TokenWords): void {
    const at = this.begin(recordKind.sessionClosed, sessionClosedField.end);
    this.memory.writeWords(at + sessionClosedField.token, token, 0, 4);
    this.publish(sessionClosedField.end);
  }

  roomCreated(
    room: number,
    user: number,
    sequenceLow: number,
    sequenceHigh: number,
    atMs: number,
    name: Name,
  ): void {
    const words = roomCreatedField.name + textWords(name.lengthBytes);
    const at = this.begin(recordKind.roomCreated, words);
    this.writeMember(at, room, user, sequenceLow, sequenceHigh, atMs);
    this.memory.write(at + roomCreatedField.nameBytes, name.lengthBytes);
    this.memory.writeWords(at + roomCreatedField.name, name.words, 0, textWords(name.lengthBytes));
    this.publish(words);
  }

  roomJoined(room: number, user: number, sequenceLow: number, sequenceHigh: number, atMs: number): void {
    const at = this.begin(recordKind.roomJoined, memberField.end);
    this.writeMember(at, room, user, sequenceLow, sequenceHigh, atMs);
    this.publish(memberField.end);
  }

  roomLeft(room: number, user: number, sequenceLow: number, sequenceHigh: number, atMs: number): void {
    const at = this.begin(recordKind.roomLeft, memberField.end);
    this.writeMember(at, room, user, sequenceLow, sequenceHigh, atMs);
    this.publish(memberField.end);
  }

  userRemoved(user: number): void {
    const at = this.begin(recordKind.userRemoved, userRemovedField.end);
    this.memory.write(at + userRemovedField.user, user);
    this.publish(userRemovedField.end);
  }

  /**
   * Wakes the journal thread if it sleeps. Called once for all that a batch has published: a sync for the first record
   * alone would make the others wait for two. While the thread is awake it finds them by itself.
   */
  announce(): void {
    if (this.isOn && this.memory.load(header.readerSleeps) === 1) wakeJournalReader(this.memory);
  }

  /** Forgets that a record was being published. Called once the transaction that it belongs to has committed. */
  settle(): void {
    this.memory.write(this.slotWord + threadSlot.isPublishing, 0);
  }

  /** Takes the ring's lock, which stays held until the caller releases all, and begins a record where it fits. */
  private begin(kind: RecordKind, words: number): number {
    // Whoever has taken a sequence holds it already.
    if (!this.locks.isLast(lockNumber.ring)) this.locks.acquire(lockNumber.ring);
    const { memory, mask, layout } = this;
    this.tail = memory.read(header.ringTail);
    const offset = this.tail & mask;
    let at = layout.ring + offset;
    this.fillerWords = 0;
    if (offset + words > layout.ringWords) {
      this.fillerWords = layout.ringWords - offset;
      memory.write(at, this.fillerWords);
      if (this.fillerWords > 1) memory.write(at + 1, recordKind.filler | (recordVersion << 8));
      at = layout.ring;
    }
    memory.write(at, words);
    memory.write(at + 1, kind | (recordVersion << 8));
    return at;
  }

  private publish(words: number, isAwaited = true): void {
    const { memory, slotWord } = this;
    const tail = (this.tail + this.fillerWords + words) | 0;
    memory.write(slotWord + threadSlot.intendedTail, tail);
    memory.write(slotWord + threadSlot.isPublishing, 1);
    this.lastPublished = tail;
    if (isAwaited) this.hasAwaited = true;
    memory.store(header.ringTail, tail);
  }

  private writeMember(
    at: number,
    room: number,
    user: number,
    sequenceLow: number,
    sequenceHigh: number,
    atMs: number,
  ): void {
    const { memory } = this;
    memory.write(at + memberField.room, room);
    memory.write(at + memberField.user, user);
    memory.write(at + memberField.sequenceLow, sequenceLow);
    memory.write(at + memberField.sequenceHigh, sequenceHigh);
    memory.write(at + memberField.atLow, lowWord(atMs));
    memory.write(at + memberField.atHigh, highWord(atMs));
  }

  private writeText(lengthWord: number, textWord: number, text: StoredText): void {
    this.memory.write(lengthWord, text.lengthBytes);
    this.memory.writeWords(textWord, text.words, 0, textWords(text.lengthBytes));
  }
}

const noToken: TokenWords = new Int32Array(4);

/** Two threads that wake it at once may leave the same count: it is another than the reader has seen all the same. */
export function wakeJournalReader(memory: Memory): void {
  memory.store(header.readerWakeUps, (memory.load(header.readerWakeUps) + 1) | 0);
  memory.notify(header.readerWakeUps, 1);
}

/**
 * Whether a thread that died had published the record of its transaction: then the change stands. The ring's lock is
 * the dead thread's, or it was not publishing.
 */
export function hasPublished(memory: Memory, slotWord: number): boolean {
  return (
    memory.read(slotWord + threadSlot.isPublishing) === 1 &&
    memory.load(header.ringTail) === memory.read(slotWord + threadSlot.intendedTail)
  );
}
