/**
 * Framing on the receiving side: turns whatever a socket reads into runs of whole lines. A run is what the dispatcher
 * ships; the request parser splits it. No I/O.
 */

const newline = 0x0a;
const lineEnd = Buffer.of(newline);

/**
 * Never holds more than one line of `lineBytesMax` + 2 bytes. A longer line is cut to just over the bound, which the
 * parser answers with LINE_TOO_LONG, and the rest of it is dropped as it arrives.
 */
export class LineFramer {
  private partial: Buffer | undefined;
  private skipping = false;

  constructor(private readonly lineBytesMax: number) {}

  /** Bytes of an unfinished line held back. */
  get partialBytes(): number {
    return this.partial === undefined ? 0 : this.partial.length;
  }

  /** The unfinished line that is held back, if any. Not to be kept. */
  get partialLine(): Uint8Array | undefined {
    return this.partial;
  }

  /** Whether the next byte begins a line: nothing is held back and nothing is skipped. */
  get isAtLineStart(): boolean {
    return this.partial === undefined && !this.skipping;
  }

  /** Takes what was read and returns the whole lines that it completes, or undefined. May keep and return views of `chunk`. */
  push(chunk: Buffer): Buffer | undefined {
    let start = 0;
    if (this.skipping) {
      start = chunk.indexOf(newline) + 1;
      if (start === 0) return undefined;
      this.skipping = false;
    }
    const end = chunk.lastIndexOf(newline) + 1;
    const tail = chunk.subarray(Math.max(start, end));
    const whole = end > start ? this.cutLongLines(this.joinPartial(chunk.subarray(start, end))) : undefined;
    const cut = tail.length > 0 ? this.keep(tail) : undefined;
    if (whole === undefined) return cut;
    return cut === undefined ? whole : Buffer.concat([whole, cut]);
  }

  private joinPartial(lines: Buffer): Buffer {
    if (this.partial === undefined) return lines;
    const joined = Buffer.concat([this.partial, lines]);
    this.partial = undefined;
    return joined;
  }

  /** Whole lines with every one that is too long cut. Returns `lines` itself when none is. */
  private cutLongLines(lines: Buffer): Buffer {
    const spanMax = this.lineBytesMax + 2;
    let kept: Buffer[] | undefined;
    let copiedTo = 0;
    let at = 0;
    while (lines.length - at > spanMax) {
      // No line that ends within one span of `at` is too long: one look covers them all.
      const lastEnd = lines.lastIndexOf(newline, at + spanMax - 1) + 1;
      if (lastEnd > at) {
        at = lastEnd;
        continue;
      }
      kept ??= [];
      kept.push(lines.subarray(copiedTo, at + spanMax), lineEnd);
      at = lines.indexOf(newline, at + spanMax) + 1;
      copiedTo = at;
    }
    return kept === undefined ? lines : Buffer.concat([...kept, lines.subarray(copiedTo)]);
  }

  /** Holds an unfinished line; once it is too long, returns its cut form as a line of its own and skips the rest. */
  private keep(tail: Buffer): Buffer | undefined {
    const lengthBytes = this.partialBytes + tail.length;
    // One byte over the bound may yet be the carriage return of a line that just fits.
    if (lengthBytes <= this.lineBytesMax + 1) {
      this.partial = this.partial === undefined ? Buffer.from(tail) : Buffer.concat([this.partial, tail]);
      return undefined;
    }
    const cut = Buffer.concat([this.partial ?? Buffer.alloc(0), tail]).subarray(0, this.lineBytesMax + 2);
    this.partial = undefined;
    this.skipping = true;
    return Buffer.concat([cut, lineEnd]);
  }
}
