/**
 * Writes replies as bytes into memory that is handed to it, frame after frame. No I/O, no strings on the hot path.
 */
import { type ErrorCode, errorTexts } from './error-codes';
import { encodeJson, type JsonValue } from './json-ascii';
import { replyTerminator } from './limits';
import { copyAscii, viewOf } from './word-view';

/** The bytes of an ASCII text, to be written many times. */
export class AsciiBytes {
  readonly view: DataView;
  /** Kept beside the view, whose own length costs V8 a call. */
  readonly lengthBytes: number;

  constructor(text: string) {
    this.view = viewOf(new Uint8Array(Buffer.from(text, 'latin1')));
    this.lengthBytes = this.view.byteLength;
  }
}

/** A whole reply or event, terminator included, as text. */
export function encodeFrame(frame: JsonValue): string {
  return encodeJson(frame) + replyTerminator;
}

/** The same as bytes. */
export function encodeReply(reply: JsonValue): AsciiBytes {
  return new AsciiBytes(encodeFrame(reply));
}

/** The error reply of a code, as JSON. `message` stands in place of the code's own text. */
export function errorReply(
  code: ErrorCode,
  message: string = errorTexts[code],
): { status: 'ERROR'; message: string; code: ErrorCode } {
  return { status: 'ERROR', message, code };
}

/** A whole error reply, as text. */
export function errorFrame(code: ErrorCode, message?: string): string {
  return encodeFrame(errorReply(code, message));
}

const encodedErrors = Object.fromEntries(
  Object.keys(errorTexts).map((code) => [code, encodeReply(errorReply(code as ErrorCode))]),
) as Record<ErrorCode, AsciiBytes>;

/**
 * A cursor over `target`. The caller makes sure that there is room before it starts a reply: nothing here grows or
 * checks.
 */
export class ReplyWriter {
  /** Where the next byte goes. */
  at = 0;

  private readonly target: DataView;

  constructor(
    target: Uint8Array,
    private readonly end: number,
  ) {
    this.target = viewOf(target);
  }

  get roomBytes(): number {
    return this.end - this.at;
  }

  /** Writes bytes that are already 7-bit ASCII. */
  bytes(source: AsciiBytes): void {
    this.copy(source.view, 0, source.lengthBytes);
  }

  /** Writes `source[start, start + lengthBytes)`, already 7-bit ASCII. */
  copy(source: DataView, start: number, lengthBytes: number): void {
    copyAscii(source, start, this.target, this.at, lengthBytes);
    this.at += lengthBytes;
  }

  /** Writes again what was written at `start`. */
  repeat(start: number, lengthBytes: number): void {
    this.copy(this.target, start, lengthBytes);
  }

  /** Writes one byte of 7-bit ASCII. */
  byte(value: number): void {
    this.target.setUint8(this.at, value);
    this.at += 1;
  }

  /** Writes an ASCII text. */
  ascii(text: string): void {
    const { target } = this;
    const to = this.at;
    for (let index = 0; index < text.length; index += 1) target.setUint8(to + index, text.charCodeAt(index));
    this.at = to + text.length;
  }

  /** Writes a whole reply. Not for the hot path. */
  reply(reply: JsonValue): void {
    this.ascii(encodeFrame(reply));
  }

  error(code: ErrorCode): void {
    this.bytes(encodedErrors[code]);
  }
}
