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
    return StoredText.fromBytes(Buffer.from(text, 'latin1'));
  }

  /** Takes clean UTF-8, escaping it. At most `bytesMax / 3` bytes. */
  escape(source: Uint8Array, start: number, end: number): void {
    this.lengthBytes = escapeUtf8(source, start, end, this.bytes, 0);
  }

  /** A text of its own, from bytes that are escaped already. */
  static fromBytes(bytes: Uint8Array): StoredText {
    const stored = new StoredText(bytes.length);
    stored.bytes.set(bytes);
    stored.lengthBytes = bytes.length;
    return stored;
  }

  /** Takes ASCII that needs no escaping. */
  copy(source: Uint8Array, start: number, end: number): void {
    const { words } = this;
    const lengthBytes = end - start;
    let at = start;
    let word = 0;
    for (; at < end; word += 1, at += 4) {
      words[word] = source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24);
    }
    // Up to three bytes of whatever follows came along: they are nobody's business.
    const rest = lengthBytes & 3;
    if (rest !== 0) words[word - 1]! &= (1 << (rest * 8)) - 1;
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
