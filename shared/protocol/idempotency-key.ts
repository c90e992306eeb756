/**
 * Idempotency keys: what a sender calls a post, so that repeating the request does not repeat the message.
 */
import { keyBytesMax } from './limits';

/** One reusable key: visible ASCII, zero-padded to whole words. Valid until the next `read`. */
export class IdempotencyKey {
  readonly words = new Int32Array(keyBytesMax / 4);
  lengthBytes = 0;
  private readonly bytes = new Uint8Array(this.words.buffer);

  /** Reads `source[start, end)`. False when it is no key: empty, too long, or with other than visible ASCII. */
  read(source: Uint8Array, start: number, end: number): boolean {
    const lengthBytes = end - start;
    if (lengthBytes < 1 || lengthBytes > keyBytesMax) return false;
    for (let index = 0; index < lengthBytes; index += 1) {
      const byte = source[start + index]!;
      if (byte < 0x21 || byte > 0x7e) return false;
      this.bytes[index] = byte;
    }
    this.bytes.fill(0, lengthBytes);
    this.lengthBytes = lengthBytes;
    return true;
  }

  /** Reads a key given as a string. False when it is none. */
  readText(text: string): boolean {
    const bytes = Buffer.from(text, 'utf8');
    return this.read(bytes, 0, bytes.length);
  }
}
