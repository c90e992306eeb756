/**
 * UTF-8 over bytes that may lie in shared memory, where `TextDecoder` does not reach.
 */

/**
 * Whether `bytes[start, end)` is well-formed UTF-8 (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing
 * above U+10FFFF) without C1 controls (U+0080–U+009F), which terminals obey as they obey ESC.
 */
export function isCleanUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      at += 1;
      continue;
    }
    const length = sequenceLength(lead);
    if (length === 0 || at + length > end) return false;
    const second = bytes[at + 1]!;
    if (second < secondMin(lead) || second > secondMax(lead)) return false;
    for (let next = at + 2; next < at + length; next += 1) {
      if ((bytes[next]! & 0xc0) !== 0x80) return false;
    }
    at += length;
  }
  return true;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

/** The second byte carries all the special cases: overlong forms, and C1 controls after 0xC2. */
function secondMin(lead: number): number {
  if (lead === 0xe0 || lead === 0xc2) return 0xa0;
  if (lead === 0xf0) return 0x90;
  return 0x80;
}

function secondMax(lead: number): number {
  if (lead === 0xed) return 0x9f;
  if (lead === 0xf4) return 0x8f;
  return 0xbf;
}

const hexDigits = new Uint8Array(Buffer.from('0123456789abcdef', 'latin1'));

/**
 * Writes `source[start, end)`, clean UTF-8, into `target` from `targetStart` as the inside of a JSON string in 7-bit
 * ASCII. Returns the number of bytes written, at most three times the number read. The same result as `escapeText`
 * gives for the same text, which a property test holds both to.
 */
export function escapeUtf8(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  let to = targetStart;
  let at = start;
  while (at < end) {
    const byte = source[at]!;
    if (byte >= 0x80) {
      const length = sequenceLength(byte);
      to = writeCodePoint(codePointAt(source, at, length), target, to);
      at += length;
      continue;
    }
    if (byte === 0x22 || byte === 0x5c) target[to++] = 0x5c;
    if (byte === 0x09) {
      target[to++] = 0x5c;
      target[to++] = 0x74;
    } else {
      target[to++] = byte;
    }
    at += 1;
  }
  return to - targetStart;
}

function codePointAt(source: Uint8Array, at: number, length: number): number {
  const second = source[at + 1]! & 0x3f;
  if (length === 2) return ((source[at]! & 0x1f) << 6) | second;
  const third = source[at + 2]! & 0x3f;
  if (length === 3) return ((source[at]! & 0x0f) << 12) | (second << 6) | third;
  return ((source[at]! & 0x07) << 18) | (second << 12) | (third << 6) | (source[at + 3]! & 0x3f);
}

function writeCodePoint(codePoint: number, target: Uint8Array, to: number): number {
  if (codePoint < 0x10000) return writeUnit(codePoint, target, to);
  const beyond = codePoint - 0x10000;
  return writeUnit(0xdc00 | (beyond & 0x3ff), target, writeUnit(0xd800 | (beyond >> 10), target, to));
}

function writeUnit(unit: number, target: Uint8Array, to: number): number {
  target[to] = 0x5c;
  target[to + 1] = 0x75;
  target[to + 2] = hexDigits[unit >> 12]!;
  target[to + 3] = hexDigits[(unit >> 8) & 15]!;
  target[to + 4] = hexDigits[(unit >> 4) & 15]!;
  target[to + 5] = hexDigits[unit & 15]!;
  return to + 6;
}
