/**
 * A text on its way into the store: already escaped for JSON in 7-bit ASCII, word-aligned, so that storing it is
 * copying words. One is reused for every message of a thread.
 */
import { escapeUtf8 } from '../protocol/utf8';
import { messageEscapedBytesMax } from '../protocol/limits';
import { messageBlockCount, textBlockCount } from './block-pool';

export class StoredText {
  readonly words: Int32Array;
  lengthBytes = 0;
  private readonly bytes: Uint8Array;

  constructor(bytesMax: number = messageEscapedBytesMax) {
    this.words = new Int32Array(Math.ceil(bytesMax / 4));
    this.bytes = new Uint8Array(this.words.buffer);
  }

  /** A text of its own, from ASCII. */
  static fromAscii(text: string): StoredText {
    const stored = new StoredText(text.length);
    stored.bytes.set(Buffer.from(text, 'latin1'));
    stored.lengthBytes = text.length;
    return stored;
  }

  /** Takes clean UTF-8, escaping it. At most `bytesMax / 3` bytes. */
  escape(source: Uint8Array, start: number, end: number): void {
    this.lengthBytes = escapeUtf8(source, start, end, this.bytes, 0);
  }

  /** Takes ASCII that needs no escaping. */
  copy(source: Uint8Array, start: number, end: number): void {
    const { words } = this;
    const lengthBytes = end - start;
    let at = start;
    // Up to three bytes past the end are copied along: they are never read back.
    for (let word = 0; at < end; word += 1, at += 4) {
      words[word] = source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24);
    }
    this.lengthBytes = lengthBytes;
  }

  /** The blocks it takes as a text of a record. */
  get blockCount(): number {
    return textBlockCount(this.lengthBytes);
  }

  /** The blocks it takes as a message. */
  get messageBlockCount(): number {
    return messageBlockCount(this.lengthBytes);
  }
}
