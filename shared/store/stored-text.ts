/**
 * A text on its way into the store: already escaped for JSON in 7-bit ASCII, word-aligned, so that storing it is
 * copying words. One is reused for every message of a thread.
 */
import { escapeUtf8 } from '../protocol/utf8';
import { messageEscapedBytesMax } from '../protocol/limits';
import { copyAscii, viewOf } from '../protocol/word-view';
import { messageBlockCount, type TextSink, textBlockCount } from './block-pool';

export class StoredText {
  readonly words: Int32Array;
  lengthBytes = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytesMax: number = messageEscapedBytesMax) {
    this.words = new Int32Array(Math.ceil(bytesMax / 4));
    this.bytes = new Uint8Array(this.words.buffer);
    this.view = viewOf(this.bytes);
  }

  /** A text of its own, from ASCII. */
  static fromAscii(text: string): StoredText {
    return StoredText.fromBytes(Buffer.from(text, 'latin1'));
  }

  /** Takes clean UTF-8, escaping it. At most `bytesMax / 3` bytes. */
  escape(source: Uint8Array, start: number, end: number): void {
    const lengthBytes = escapeUtf8(source, start, end, this.bytes, 0);
    this.bytes.fill(0, lengthBytes, (lengthBytes + 3) & ~3);
    this.lengthBytes = lengthBytes;
  }

  /** A text of its own, from bytes that are escaped already. */
  static fromBytes(bytes: Uint8Array): StoredText {
    const stored = new StoredText(bytes.length);
    stored.take(bytes);
    return stored;
  }

  /** Takes bytes that are escaped already. */
  take(bytes: Uint8Array): void {
    this.words[(bytes.length - 1) >> 2] = 0;
    this.bytes.set(bytes);
    this.lengthBytes = bytes.length;
  }

  /** Takes ASCII that needs no escaping. */
  copy(source: DataView, start: number, end: number): void {
    const lengthBytes = end - start;
    // The last word may be filled in part: what is left of it from before is nobody's business.
    this.words[(lengthBytes - 1) >> 2] = 0;
    copyAscii(source, start, this.view, 0, lengthBytes);
    this.lengthBytes = lengthBytes;
  }

  /** Writes the text. */
  copyTo(sink: TextSink): void {
    sink.copy(this.view, 0, this.lengthBytes);
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
