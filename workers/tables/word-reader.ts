/**
 * The words of a message as search sees them, read from the text as it is stored: escaped for JSON, in 7-bit ASCII.
 *
 * A word is a run of letters, digits and marks, case folded one UTF-16 unit at a time. In scripts that are written
 * without spaces every character is a word of its own, and so is every character beyond the Basic Multilingual Plane.
 * Everything else lies between words. The index holds hashes of words: what a word is is part of the data format.
 */
import { mix } from './mix';

const backslash = 0x5c;
const smallU = 0x75;
/** Of the two characters of `\n` and its like, and of the six of `\u0041`. */
const shortEscapeBytes = 2;
const unitEscapeBytes = 6;

const fnvBasis = 0x811c9dc5;
const fnvPrime = 0x01000193;

/** What a unit is to a word: its folded form, or one of these. */
const between = 0;
const unknown = 0xffff;

const inWords = /[\p{L}\p{N}\p{M}]/u;
/** Scripts without spaces. */
const alone =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Folded forms by unit; `unknown` until asked for. */
const foldedUnits = new Uint16Array(0x10000).fill(unknown);
/** By unit: whether it is a word of its own. Known when its folded form is. */
const standsAlone = new Uint8Array(0x10000);

const hexDigits = new Uint8Array(256);
for (let digit = 0; digit < 16; digit += 1) hexDigits[digit.toString(16).charCodeAt(0)] = digit;

/** Folded forms of the bytes of a stored text; `escape` for a backslash. */
const escape = 1;
const foldedAscii = Uint8Array.from({ length: 256 }, (_, byte) => (byte < 0x80 ? foldUnit(byte) : between));
foldedAscii[backslash] = escape;

/** Hands out the words of one text after the other; its fields describe the last word. */
export class WordReader {
  /** Of the folded word. */
  hash = 0;
  /** The word lies in `bytes[start, end)`. */
  start = 0;
  end = 0;

  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private textEnd = 0;

  /** Goes to the text in `bytes[start, end)`. */
  begin(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.textEnd = end;
  }

  /** Goes to the next word; false when there is none. */
  next(): boolean {
    const { bytes, textEnd } = this;
    const foldedBytes = foldedAscii;
    let { at } = this;
    let hash = fnvBasis;
    let start = -1;
    for (;;) {
      let folded = between;
      if (start < 0) while (at < textEnd && (folded = foldedBytes[bytes[at]!]!) === between) at += 1;
      if (at < textEnd && start < 0) start = at;
      while (at < textEnd && (folded = foldedBytes[bytes[at]!]!) > escape) {
        hash = Math.imul(hash ^ folded, fnvPrime);
        at += 1;
      }
      if (at === textEnd || folded === between) break;
      const unit = escapedUnit(bytes, at);
      folded = foldOf(unit);
      if (standsAlone[unit] === 1) {
        // A word before it ends here; it is the next.
        if (start < at) break;
        return this.takeAlone(at, unit, folded);
      }
      if (folded === between) {
        if (start < at) break;
        start = -1;
      } else hash = Math.imul(hash ^ folded, fnvPrime);
      at += escapeBytes(bytes, at);
    }
    this.at = at;
    if (start < 0 || start === at) return false;
    return this.take(start, at, hash);
  }

  /** The folded word. */
  get word(): string {
    const { bytes, start, end } = this;
    const units: number[] = [];
    for (let at = start; at < end;) {
      const isEscaped = bytes[at] === backslash;
      units.push(foldOf(isEscaped ? escapedUnit(bytes, at) : bytes[at]!));
      at += isEscaped ? escapeBytes(bytes, at) : 1;
    }
    return String.fromCharCode(...units);
  }

  private takeAlone(at: number, unit: number, folded: number): boolean {
    let hash = Math.imul(fnvBasis ^ folded, fnvPrime);
    let end = at + unitEscapeBytes;
    if (isHighSurrogate(unit) && end < this.textEnd) {
      hash = Math.imul(hash ^ foldOf(escapedUnit(this.bytes, end)), fnvPrime);
      end += unitEscapeBytes;
    }
    this.at = end;
    return this.take(at, end, hash);
  }

  private take(start: number, end: number, hash: number): boolean {
    this.start = start;
    this.end = end;
    this.hash = mix(hash);
    return true;
  }
}

/** How long the escape at a backslash is. */
function escapeBytes(bytes: Uint8Array, at: number): number {
  return bytes[at + 1] === smallU ? unitEscapeBytes : shortEscapeBytes;
}

/** The unit that the escape at a backslash says, as in `\u0041`; 0 for any of the short ones, which are in no word. */
function escapedUnit(bytes: Uint8Array, at: number): number {
  if (bytes[at + 1] !== smallU) return 0;
  return (
    (hexDigits[bytes[at + 2]!]! << 12) |
    (hexDigits[bytes[at + 3]!]! << 8) |
    (hexDigits[bytes[at + 4]!]! << 4) |
    hexDigits[bytes[at + 5]!]!
  );
}

function foldOf(unit: number): number {
  const known = foldedUnits[unit]!;
  if (known !== unknown) return known;
  const folded = foldUnit(unit);
  foldedUnits[unit] = folded;
  if (folded !== between && (isSurrogate(unit) || alone.test(String.fromCharCode(unit))))
    standsAlone[unit] = 1;
  return folded;
}

/** Upper case and its like first, so that both forms of a Greek sigma are one; never more than one unit. */
function foldUnit(unit: number): number {
  if (isSurrogate(unit)) return unit;
  const character = String.fromCharCode(unit);
  if (!inWords.test(character)) return between;
  const upper = character.toUpperCase();
  return (upper.length === 1 ? upper : character).toLowerCase().charCodeAt(0);
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
