/**
 * Session tokens: UUID v4. On the wire 36 characters, in the store four 32-bit words, never a string on the hot path.
 */
import { v4 } from 'uuid';

/** A token as the store holds it: 16 bytes in wire order, as big-endian words. */
export type TokenWords = Int32Array;

export const tokenBytes = 36;

/** The value of each hexadecimal digit, in either case; −1 for every other byte. */
const digitValues = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit += 1) {
  digitValues[digit.toString(16).charCodeAt(0)] = digit;
  digitValues[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Where each of the 32 digits stands among the 36 characters. */
const digitPositions = new Uint8Array(
  Array.from('xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx').flatMap((mark, position) =>
    mark === 'x' ? [position] : [],
  ),
);
const dash = 0x2d;

/** Reads the token at `bytes[start, end)` into `words`. False when it is not of a token's form. */
export function parseToken(bytes: Uint8Array, start: number, end: number, words: TokenWords): boolean {
  if (end - start !== tokenBytes) return false;
  if (bytes[start + 8] !== dash || bytes[start + 13] !== dash) return false;
  if (bytes[start + 18] !== dash || bytes[start + 23] !== dash) return false;
  let invalid = 0;
  for (let word = 0; word < 4; word += 1) {
    let value = 0;
    for (let digit = word * 8; digit < word * 8 + 8; digit += 1) {
      const digitValue = digitValues[bytes[start + digitPositions[digit]!]!]!;
      invalid |= digitValue;
      value = (value << 4) | digitValue;
    }
    words[word] = value;
  }
  return invalid >= 0;
}

/** A fresh random token: fills `words` and returns its 36 characters. */
export function issueToken(words: TokenWords): string {
  const token = v4();
  const parsed = parseToken(Buffer.from(token, 'latin1'), 0, tokenBytes, words);
  if (!parsed) throw new Error('uuid issued a token that is not of a token’s form');
  return token;
}
