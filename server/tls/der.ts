/**
 * Writes ASN.1 values in DER (X.690): as much of it as a certificate takes. Nothing here reads.
 */

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const contextPrimitive = 0x80;
const contextConstructed = 0xa0;

export function sequence(...values: readonly Uint8Array[]): Buffer {
  return encode(tags.sequence, Buffer.concat(values));
}

export function set(...values: readonly Uint8Array[]): Buffer {
  return encode(tags.set, Buffer.concat(values));
}

export function boolean(value: boolean): Buffer {
  return encode(tags.boolean, Buffer.of(value ? 0xff : 0x00));
}

/** @param magnitude big-endian; its first byte is from 1 to 127, so that it is positive and has no byte too many. */
export function integer(magnitude: Uint8Array): Buffer {
  const first = magnitude[0] ?? 0;
  if (first === 0 || first > 0x7f) throw new Error(`an integer cannot begin with the byte ${first}`);
  return encode(tags.integer, magnitude);
}

/** @param dotted such as 2.5.4.3 */
export function objectIdentifier(dotted: string): Buffer {
  const [first, second, ...others] = dotted.split('.').map(Number);
  const bytes = [first! * 40 + second!, ...others].flatMap(base128);
  return encode(tags.objectIdentifier, Buffer.from(bytes));
}

export function utf8String(text: string): Buffer {
  return encode(tags.utf8String, Buffer.from(text));
}

/** To the second. RFC 5280 wants two digits for the years up to 2049 and four from then on. */
export function time(date: Date): Buffer {
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  const isShort = date.getUTCFullYear() < 2050;
  return encode(
    isShort ? tags.utcTime : tags.generalizedTime,
    Buffer.from(isShort ? digits.slice(2) : digits),
  );
}

/** Whole bytes: no bit of the last one is unused. */
export function bitString(bytes: Uint8Array): Buffer {
  return encode(tags.bitString, Buffer.concat([Buffer.of(0), bytes]));
}

export function octetString(bytes: Uint8Array): Buffer {
  return encode(tags.octetString, bytes);
}

/** `[number] EXPLICIT`: a whole value inside. */
export function explicit(number: number, value: Uint8Array): Buffer {
  return encode(contextConstructed | number, value);
}

/** `[number] IMPLICIT` of a primitive type: the tag stands in the place of the type's own. */
export function implicit(number: number, content: Uint8Array): Buffer {
  return encode(contextPrimitive | number, content);
}

function encode(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), encodeLength(content.length), content]);
}

function encodeLength(lengthBytes: number): Buffer {
  if (lengthBytes < 0x80) return Buffer.of(lengthBytes);
  const digits = bigEndian(lengthBytes, 0x100);
  return Buffer.of(0x80 | digits.length, ...digits);
}

/** Seven bits a byte, all but the last one marked. */
function base128(value: number): number[] {
  const digits = bigEndian(value, 0x80);
  return digits.map((digit, index) => (index === digits.length - 1 ? digit : digit | 0x80));
}

function bigEndian(value: number, base: number): number[] {
  const digits = [value % base];
  for (let rest = Math.floor(value / base); rest > 0; rest = Math.floor(rest / base))
    digits.unshift(rest % base);
  return digits;
}
