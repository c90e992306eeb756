/**
 * Reading chunks of history; `chunk.ts` says how they are made.
 */
import { messageEscapedBytesMax } from '../../shared/protocol/limits';
import { joinWords, textWords } from '../../shared/journal/record';
import { historyEntryWords, historyHeaderWords, wordsOf } from './chunk';

export interface HistoryMessage {
  /** Ascends through all of history, and never repeats (ADR 0008): the cursor of pages. */
  readonly sequence: number;
  readonly sender: number;
  /** A user, or a room as its negative number. */
  readonly receiver: number;
  readonly atMs: number;
  /** Escaped for JSON, 7-bit ASCII. */
  readonly text: Uint8Array;
}

const noWords = new Int32Array(0);

/**
 * Goes through the messages of one chunk, in order, and makes nothing of those that nobody wants. Its fields describe
 * the message it is at.
 */
export class HistoryChunkReader {
  sequence = 0;
  sender = 0;
  receiver = 0;
  /** The text is `bytes[textStart, textEnd)`. */
  bytes: Uint8Array = new Uint8Array(0);
  textStart = 0;
  textEnd = 0;

  private firstSequence = 0;
  private words: Int32Array = noWords;
  private at = 0;
  private nextAt = 0;
  private left = 0;

  /** Goes before the first message. False when the bytes are no chunk. */
  begin(firstSequence: number, bytes: Uint8Array): boolean {
    const words = wordsOf(bytes);
    if (words === undefined || words.length < historyHeaderWords || words[0]! < 1) return false;
    this.firstSequence = firstSequence;
    this.words = words;
    this.bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    this.nextAt = historyHeaderWords;
    this.left = words[0]!;
    return true;
  }

  /** Goes to the next message; false after the last, undefined when the bytes are no chunk. */
  next(): boolean | undefined {
    const { words } = this;
    const at = this.nextAt;
    if (this.left === 0) return at === words.length ? false : undefined;
    const textBytes = words[at + 3]!;
    const textAtWord = at + historyEntryWords;
    if (
      !(textBytes >= 0 && textBytes <= messageEscapedBytesMax) ||
      textAtWord + textWords(textBytes) > words.length
    )
      return undefined;
    this.at = at;
    this.sequence = this.firstSequence + (words[at]! >>> 0);
    this.sender = words[at + 1]!;
    this.receiver = words[at + 2]!;
    this.textStart = textAtWord * 4;
    this.textEnd = this.textStart + textBytes;
    this.nextAt = textAtWord + textWords(textBytes);
    this.left -= 1;
    return true;
  }

  /** The message, which stays as it is. */
  get message(): HistoryMessage {
    const { words, at, sequence, sender, receiver, bytes, textStart, textEnd } = this;
    const atMs = joinWords(words[at + 4]!, words[at + 5]!);
    return { sequence, sender, receiver, atMs, text: bytes.slice(textStart, textEnd) };
  }
}

/** All messages of a chunk, in order. Undefined when the bytes are not one. */
export function readHistoryChunk(firstSequence: number, bytes: Uint8Array): HistoryMessage[] | undefined {
  const reader = new HistoryChunkReader();
  if (!reader.begin(firstSequence, bytes)) return undefined;
  const messages: HistoryMessage[] = [];
  for (;;) {
    const isMessage = reader.next();
    if (isMessage !== true) return isMessage === false ? messages : undefined;
    messages.push(reader.message);
  }
}
