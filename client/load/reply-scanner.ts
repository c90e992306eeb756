/**
 * Counts the replies in a stream of bytes without decoding them. A reply ends with CR LF CR LF and holds no such
 * sequence inside; it may be cut anywhere between two reads, inside the terminator too.
 */
import { visibleText } from '../visible-text';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const terminatorBytes = 4;
/** In `{"status": "ERROR"` the `E` is byte 12, where an OK has its `O`; without the space it is the byte before, where
 *  an OK with the space has its quote. */
const statusByteOffset = 12;
const letterE = 0x45;
/** How much of a reply that was cut is kept for telling its error code. Error replies are far shorter. */
const headBytesMax = 512;
/** How much of the text of an error without a code stands in the place of one. */
const textCharactersMax = 100;
/** How far a reply's end is looked for in short steps. */
const nearBytes = 256;

export class ReplyScanner {
  /** Bytes of a reply whose end has not been read yet. */
  private partialBytes = 0;
  /** How many bytes at the end of what was read so far are a beginning of the terminator: 0–3. */
  private terminatorMatched = 0;
  private readonly head = Buffer.alloc(headBytesMax);

  /** @param onError is called with the code of every error reply, in order. */
  constructor(private readonly onError: (code: string) => void) {}

  /** @returns how many replies were completed by the first `byteCount` bytes of `bytes`. The bytes are not kept. */
  scan(bytes: Uint8Array, byteCount: number): number {
    let replies = 0;
    let start = 0;
    if (this.partialBytes > 0) {
      start = this.finishPartial(bytes, byteCount);
      if (start < 0) return 0;
      replies = 1;
    }
    for (;;) {
      const end = terminatorEnd(bytes, start, byteCount);
      if (end < 0) break;
      if (isError(bytes, start)) this.noteError(bytes, start, end);
      replies += 1;
      start = end;
    }
    if (start < byteCount) {
      this.keepHead(bytes, start, byteCount);
      this.terminatorMatched = matchedAtEnd(bytes, start, byteCount);
    }
    return replies;
  }

  /** @returns where the reply that was cut ends, or −1 where it does not end in these bytes. */
  private finishPartial(bytes: Uint8Array, byteCount: number): number {
    let position = 0;
    while (this.terminatorMatched > 0 && this.terminatorMatched < terminatorBytes && position < byteCount) {
      this.terminatorMatched = matchedAfter(this.terminatorMatched, bytes[position]!);
      position += 1;
    }
    let end = -1;
    if (this.terminatorMatched === terminatorBytes) end = position;
    else if (this.terminatorMatched === 0) {
      end = terminatorEnd(bytes, position, byteCount);
      if (end < 0) this.terminatorMatched = matchedAtEnd(bytes, position, byteCount);
    }
    this.keepHead(bytes, 0, end < 0 ? byteCount : end);
    if (end < 0) return -1;
    if (isError(this.head, 0)) {
      this.noteError(this.head, 0, Math.min(this.partialBytes, headBytesMax));
    }
    this.partialBytes = 0;
    this.terminatorMatched = 0;
    return end;
  }

  /** Invariant: `head` holds the first `min(partialBytes, headBytesMax)` bytes of the reply that is not complete. */
  private keepHead(bytes: Uint8Array, start: number, end: number): void {
    const room = headBytesMax - this.partialBytes;
    if (room > 0) this.head.set(bytes.subarray(start, Math.min(end, start + room)), this.partialBytes);
    this.partialBytes += end - start;
  }

  private noteError(bytes: Uint8Array, start: number, end: number): void {
    // A reply too short to have a status shows the next reply's bytes at that offset: no error then.
    if (end - start <= statusByteOffset) return;
    this.onError(
      errorCode(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')),
    );
  }
}

function isError(bytes: Uint8Array, start: number): boolean {
  return bytes[start + statusByteOffset] === letterE || bytes[start + statusByteOffset - 1] === letterE;
}

/** @returns the `code` of an error reply; of servers that send none, the text for people, as it may be shown to them. */
function errorCode(reply: string): string {
  const code = /"code": ?"([A-Z_]+)"/.exec(reply)?.[1];
  if (code !== undefined) return code;
  const text = /"message": ?"([^"]*)"/.exec(reply)?.[1];
  return text === undefined ? 'UNREADABLE_ERROR' : visibleText(text.slice(0, textCharactersMax));
}

/**
 * @returns the offset behind the first terminator that lies wholly in [start, end), or −1.
 *
 * Looks at every fourth byte (Horspool): a byte that is neither CR nor LF at the place of the terminator's last byte
 * rules out all four places. A native `indexOf` costs more than this loop for replies of some 50 bytes, and less for the
 * rest of a long one.
 */
function terminatorEnd(bytes: Uint8Array, start: number, end: number): number {
  const nearEnd = Math.min(end, start + nearBytes);
  let last = start + terminatorBytes - 1;
  while (last < nearEnd) {
    const byte = bytes[last]!;
    if (byte > carriageReturn) {
      last += terminatorBytes;
    } else if (byte === lineFeed) {
      if (
        bytes[last - 1] === carriageReturn &&
        bytes[last - 2] === lineFeed &&
        bytes[last - 3] === carriageReturn
      ) {
        return last + 1;
      }
      last += 2;
    } else {
      last += 1;
    }
  }
  return farTerminatorEnd(bytes, last - terminatorBytes + 1, end);
}

/** The same, by every CR. */
function farTerminatorEnd(bytes: Uint8Array, start: number, end: number): number {
  let first = start;
  while (first + terminatorBytes <= end) {
    first = bytes.indexOf(carriageReturn, first);
    if (first < 0 || first + terminatorBytes > end) return -1;
    if (
      bytes[first + 1] === lineFeed &&
      bytes[first + 2] === carriageReturn &&
      bytes[first + 3] === lineFeed
    ) {
      return first + terminatorBytes;
    }
    first += 1;
  }
  return -1;
}

/** @returns how many of the last bytes of [start, end) begin a terminator: 0–3. There is no whole one in there. */
function matchedAtEnd(bytes: Uint8Array, start: number, end: number): number {
  let matched = 0;
  for (let position = Math.max(start, end - terminatorBytes + 1); position < end; position += 1) {
    matched = matchedAfter(matched, bytes[position]!);
  }
  return matched;
}

/** One step of the automaton that accepts CR LF CR LF. */
function matchedAfter(matched: number, byte: number): number {
  const expected = matched % 2 === 0 ? carriageReturn : lineFeed;
  if (byte === expected) return matched + 1;
  return byte === carriageReturn ? 1 : 0;
}
