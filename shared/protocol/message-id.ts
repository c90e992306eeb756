/**
 * The ids of messages (ADR 0008): `<sequence>-<to>`, both numbers in base 36, `to` being the receiver's; before a room's
 * stands an `R`, which in lower case would be a digit. There is one way to write an id, and no other is read.
 */

const radix = 36;
const dash = 0x2d;
const roomMark = 0x52;

/** Of a sequence of 53 bits and a number of 31. */
export const messageIdBytesMax = 11 + 1 + 1 + 6;
const numberMax = 2 ** 31 - 1;

/** The value of each digit; −1 for every other byte. */
const digitValues = new Int8Array(256).fill(-1);
const digits = new Uint8Array(radix);
for (let digit = 0; digit < radix; digit += 1) {
  const byte = digit.toString(radix).charCodeAt(0);
  digitValues[byte] = digit;
  digits[digit] = byte;
}

/** Takes bytes one by one: a reply being written. */
export interface ByteSink {
  byte(value: number): void;
}

/** One reusable id. */
export class MessageId {
  sequence = 0;
  /** A user's number, or a room's as negative. */
  receiver = 0;

  private at = 0;

  /** Reads the id at `bytes[start, end)`. False when it is none: no message can have it. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start > messageIdBytesMax) return false;
    this.at = start;
    this.sequence = this.readNumber(bytes, end);
    if (this.at >= end || bytes[this.at] !== dash) return false;
    this.at += 1;
    const isRoom = bytes[this.at] === roomMark;
    if (isRoom) this.at += 1;
    const number = this.readNumber(bytes, end);
    this.receiver = isRoom ? -number : number;
    return this.at === end && this.sequence <= Number.MAX_SAFE_INTEGER && number <= numberMax;
  }

  /** A number above 0, without leading zeros; `Infinity` when there is none at `at`, which moves behind it. */
  private readNumber(bytes: Uint8Array, end: number): number {
    let value = 0;
    let at = this.at;
    for (let digit = 0; at < end && (digit = digitValues[bytes[at]!]!) >= 0; at += 1) {
      if (value === 0 && digit === 0) return Infinity;
      value = value * radix + digit;
    }
    this.at = at;
    return value === 0 ? Infinity : value;
  }
}

const written = new Uint8Array(messageIdBytesMax);

/** Writes an id. */
export function writeMessageId(sink: ByteSink, sequence: number, receiver: number): void {
  writeNumber(sink, sequence);
  sink.byte(dash);
  if (receiver < 0) sink.byte(roomMark);
  writeNumber(sink, Math.abs(receiver));
}

/** An id as text. Not for the hot path. */
export function formatMessageId(sequence: number, receiver: number): string {
  return `${sequence.toString(radix)}-${receiver < 0 ? 'R' : ''}${Math.abs(receiver).toString(radix)}`;
}

function writeNumber(sink: ByteSink, value: number): void {
  let left = value;
  let count = 0;
  do {
    const digit = left % radix;
    written[count] = digits[digit]!;
    count += 1;
    left = (left - digit) / radix;
  } while (left > 0);
  while (count > 0) sink.byte(written[(count -= 1)]!);
}
