/**
 * Usernames as the store looks them up: case-folded and zero-padded to 32 bytes.
 */
import { nameBytesMax } from './limits';
import { viewOf } from './word-view';

const nameWords = nameBytesMax / 4;

/** The folded form of every byte that a name may hold (`a-z 0-9 . _ -`, upper case folded); 0 for every other byte. */
const foldedBytes = new Uint8Array(256);
for (const character of 'abcdefghijklmnopqrstuvwxyz0123456789._-') {
  foldedBytes[character.charCodeAt(0)] = character.charCodeAt(0);
  foldedBytes[character.toUpperCase().charCodeAt(0)] = character.charCodeAt(0);
}

/** One reusable name. Filled by `read`; valid until the next `read`. */
export class Name {
  readonly words = new Int32Array(nameWords);
  readonly bytes = new Uint8Array(this.words.buffer);
  readonly view = viewOf(this.bytes);
  lengthBytes = 0;

  /** Reads and folds `source[start, end)`. False when it is not a name: empty, too long, or with other characters. */
  read(source: Uint8Array, start: number, end: number): boolean {
    const lengthBytes = end - start;
    if (lengthBytes < 1 || lengthBytes > nameBytesMax) return false;
    const { words, bytes } = this;
    for (let index = 0; index < nameWords; index += 1) words[index] = 0;
    for (let index = 0; index < lengthBytes; index += 1) {
      const folded = foldedBytes[source[start + index]!]!;
      if (folded === 0) return false;
      bytes[index] = folded;
    }
    this.lengthBytes = lengthBytes;
    return true;
  }

  /** Reads a name given as a string. False when it is not a name. */
  readText(text: string): boolean {
    const bytes = Buffer.from(text, 'utf8');
    return this.read(bytes, 0, bytes.length);
  }

  /** The folded name. */
  toString(): string {
    return String.fromCharCode(...this.bytes.subarray(0, this.lengthBytes));
  }
}
