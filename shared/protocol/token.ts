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

const dash = 0x2d;

/** Reads the token at `bytes[start, end)` into `words`. False when it is not of a token's form. */
export function parseToken(bytes: Uint8Array, start: number, end: number, words: TokenWords): boolean {
  if (end - start !== tokenBytes) return false;
  if (bytes[start + 8] !== dash || bytes[start + 13] !== dash) return false;
  if (bytes[start + 18] !== dash || bytes[start + 23] !== dash) return false;
  // Four digits at a time, as the dashes divide them; a group with anything else is negative.
  const group0 = parseGroup(bytes, start);
  const group1 = parseGroup(bytes, start + 4);
  const group2 = parseGroup(bytes, start + 9);
  const group3 = parseGroup(bytes, start + 14);
  const group4 = parseGroup(bytes, start + 19);
  const group5 = parseGroup(bytes, start + 24);
  const group6 = parseGroup(bytes, start + 28);
  const group7 = parseGroup(bytes, start + 32);
  words[0] = (group0 << 16) | group1;
  words[1] = (group2 << 16) | group3;
  words[2] = (group4 << 16) | group5;
  words[3] = (group6 << 16) | group7;
  return (group0 | group1 | group2 | group3 | group4 | group5 | group6 | group7) >= 0;
}

function parseGroup(bytes: Uint8Array, at: number): number {
  return (
    (digitValues[bytes[at]!]! << 12) |
    (digitValues[bytes[at + 1]!]! << 8) |
    (digitValues[bytes[at + 2]!]! << 4) |
    digitValues[bytes[at + 3]!]!
  );
}

/** A fresh random token: fills `words` and returns its 36 characters. */
export function issueToken(words: TokenWords): string {
  const token = v4();
  const parsed = parseToken(Buffer.from(token, 'latin1'), 0, tokenBytes, words);
  if (!parsed) throw new Error('uuid issued a token that is not of a token’s form');
  return token;
}
