/**
 * Chunks: many messages in one value, because what costs is the number of keys written, not of bytes.
 *
 * All in 32-bit words, little-endian; texts are padded to whole words; numbers of 53 bits are low word, high word.
 *
 * ```
 *   unread    count │ first sequence ×2 │ count × ( sequence, from the first │ sender │ text bytes │ at ms ×2 │ text… )
 *   keys      count │ count × ( sender │ receiver │ sequence ×2 │ at ms ×2 │ key bytes │ key… )
 *   history   count │ count × ( sequence, from the chunk's first │ sender │ receiver │ text bytes │ at ms ×2 │ text… )
 * ```
 *
 * Messages, and the idempotency keys of their chunk, ascend by sequence. A chunk comes of one run of records, and is at
 * most `chunkWordsMax` long, which with LMDB's header is four of its pages, and holds the longest message with ease.
 */
import { messageEscapedBytesMax } from '../../shared/protocol/limits';
import { highWord, joinWords, lowWord, messageField, textWords } from '../../shared/journal/record';

const pageBytes = 4_096;
const overflowHeaderBytes = 24;
export const chunkWordsMax = (4 * pageBytes - overflowHeaderBytes) / 4;

const unreadHeaderWords = 3;
const unreadEntryWords = 5;
const keysHeaderWords = 1;
const keysEntryWords = 7;
/** What one word can say. */
const sequenceOffsetMax = 2 ** 32 - 1;
export const historyHeaderWords = 1;
export const historyEntryWords = 6;
/** Shorter runs of words are copied by hand: setting up a block copy costs more. */
const handCopyWordsMax = 24;

/** A message of a user's inbox, or of a room, that has not been read. */
export interface UnreadMessage {
  /** A user, or a room as its negative number. */
  readonly receiver: number;
  readonly sender: number;
  readonly sequence: number;
  readonly atMs: number;
  /** Escaped for JSON, 7-bit ASCII. A view of a chunk's own memory: it stays as it is, and keeps the chunk alive. */
  readonly text: Uint8Array;
}

/** What a sender's idempotency key led to. */
export interface PostedKey {
  readonly sender: number;
  readonly key: string;
  /** Of the message. */
  readonly receiver: number;
  readonly sequence: number;
  readonly atMs: number;
}

/** Gathers the messages of one chunk. `bytes` is valid until the next change. */
export class ChunkWriter {
  private readonly words = new Int32Array(chunkWordsMax);
  private lengthWords = 0;
  private firstSequence = 0;
  count = 0;

  /** The chunk as it stands. */
  bytes(): Uint8Array {
    this.words[0] = this.count;
    return new Uint8Array(this.words.buffer, 0, this.lengthWords * 4);
  }

  beginUnread(firstSequence: number): void {
    this.firstSequence = firstSequence;
    this.words[1] = lowWord(firstSequence);
    this.words[2] = highWord(firstSequence);
    this.lengthWords = unreadHeaderWords;
    this.count = 0;
  }

  beginKeys(): void {
    this.lengthWords = keysHeaderWords;
    this.count = 0;
  }

  beginHistory(firstSequence: number): void {
    this.firstSequence = firstSequence;
    this.lengthWords = historyHeaderWords;
    this.count = 0;
  }

  /** Adds the message record at `source[at]`. False, and nothing done, when the chunk has no room for it. */
  addUnread(source: Int32Array, at: number): boolean {
    const to = this.lengthWords;
    const texts = textWords(source[at + messageField.textBytes]!);
    const sequenceOffset = sequenceOf(source, at) - this.firstSequence;
    if (to + unreadEntryWords + texts > chunkWordsMax || sequenceOffset > sequenceOffsetMax) return false;
    const { words } = this;
    words[to] = sequenceOffset;
    words[to + 1] = source[at + messageField.sender]!;
    words[to + 2] = source[at + messageField.textBytes]!;
    words[to + 3] = source[at + messageField.atLow]!;
    words[to + 4] = source[at + messageField.atHigh]!;
    this.finishEntry(source, at + messageField.text, to + unreadEntryWords, texts);
    return true;
  }

  /** Adds the idempotency key of the message record at `source[at]`. False when there is no room. */
  addKey(source: Int32Array, at: number): boolean {
    const to = this.lengthWords;
    const keyBytes = source[at + messageField.keyBytes]!;
    const texts = textWords(keyBytes);
    if (to + keysEntryWords + texts > chunkWordsMax) return false;
    const { words } = this;
    words[to] = source[at + messageField.sender]!;
    words[to + 1] = source[at + messageField.receiver]!;
    words[to + 2] = source[at + messageField.sequenceLow]!;
    words[to + 3] = source[at + messageField.sequenceHigh]!;
    words[to + 4] = source[at + messageField.atLow]!;
    words[to + 5] = source[at + messageField.atHigh]!;
    words[to + 6] = keyBytes;
    const keyAt = at + messageField.text + textWords(source[at + messageField.textBytes]!);
    this.finishEntry(source, keyAt, to + keysEntryWords, texts);
    return true;
  }

  /** Adds the message record at `source[at]`. False when there is no room. */
  addHistory(source: Int32Array, at: number): boolean {
    const to = this.lengthWords;
    const texts = textWords(source[at + messageField.textBytes]!);
    const sequenceOffset = sequenceOf(source, at) - this.firstSequence;
    if (to + historyEntryWords + texts > chunkWordsMax || sequenceOffset > sequenceOffsetMax) return false;
    const { words } = this;
    words[to] = sequenceOffset;
    words[to + 1] = source[at + messageField.sender]!;
    words[to + 2] = source[at + messageField.receiver]!;
    words[to + 3] = source[at + messageField.textBytes]!;
    words[to + 4] = source[at + messageField.atLow]!;
    words[to + 5] = source[at + messageField.atHigh]!;
    this.finishEntry(source, at + messageField.text, to + historyEntryWords, texts);
    return true;
  }

  /** Copies a text of so many words. */
  private finishEntry(source: Int32Array, from: number, to: number, texts: number): void {
    if (texts > handCopyWordsMax) this.words.set(source.subarray(from, from + texts), to);
    else for (let word = 0; word < texts; word += 1) this.words[to + word] = source[from + word]!;
    this.lengthWords = to + texts;
    this.count += 1;
  }
}

/** The sequence of the message record at `source[at]`. */
export function sequenceOf(source: Int32Array, at: number): number {
  return joinWords(source[at + messageField.sequenceLow]!, source[at + messageField.sequenceHigh]!);
}

/** The messages of an unread chunk. Undefined when the bytes are not one. */
export function readUnreadChunk(receiver: number, bytes: Uint8Array): UnreadMessage[] | undefined {
  const words = wordsOf(bytes);
  if (words === undefined || words.length < unreadHeaderWords || words[0]! < 1) return undefined;
  const count = words[0]!;
  const firstSequence = joinWords(words[1]!, words[2]!);
  const messages: UnreadMessage[] = [];
  let at = unreadHeaderWords;
  for (let index = 0; index < count; index += 1) {
    const text = textAt(words, at + unreadEntryWords, words[at + 2]);
    if (text === undefined) return undefined;
    messages.push({
      receiver,
      sender: words[at + 1]!,
      sequence: firstSequence + (words[at]! >>> 0),
      atMs: joinWords(words[at + 3]!, words[at + 4]!),
      text,
    });
    at += unreadEntryWords + textWords(text.length);
  }
  return at === words.length ? messages : undefined;
}

/** The idempotency keys of a chunk, by sequence. Undefined when the bytes are not one. */
export function readKeysChunk(bytes: Uint8Array): PostedKey[] | undefined {
  const words = wordsOf(bytes);
  if (words === undefined || words.length < keysHeaderWords || words[0]! < 1) return undefined;
  const count = words[0]!;
  const keys: PostedKey[] = [];
  let at = keysHeaderWords;
  for (let index = 0; index < count; index += 1) {
    const key = textAt(words, at + keysEntryWords, words[at + 6]);
    if (key === undefined) return undefined;
    keys.push({
      sender: words[at]!,
      receiver: words[at + 1]!,
      sequence: joinWords(words[at + 2]!, words[at + 3]!),
      atMs: joinWords(words[at + 4]!, words[at + 5]!),
      key: Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1'),
    });
    at += keysEntryWords + textWords(key.length);
  }
  return at === words.length ? keys : undefined;
}

function textAt(words: Int32Array, at: number, textBytes: number | undefined): Uint8Array | undefined {
  if (textBytes === undefined || textBytes < 0 || textBytes > messageEscapedBytesMax) return undefined;
  if (at + textWords(textBytes) > words.length) return undefined;
  return new Uint8Array(words.buffer, words.byteOffset + at * 4, textBytes);
}

/** A view of bytes as words; of a copy when they do not begin at a whole word of their memory. */
export function wordsOf(bytes: Uint8Array): Int32Array | undefined {
  if (bytes.length % 4 !== 0) return undefined;
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
