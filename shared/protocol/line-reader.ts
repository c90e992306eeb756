/**
 * Lines out of a stream of bytes, for whoever reads one line at a time: a client that reads replies, a command line
 * that reads a pipe. No I/O.
 */
import { LineFramer } from './line-framer';

const newline = 0x0a;
const carriageReturn = 0x0d;
const loneNewline = Buffer.of(newline);

/**
 * Blank lines are skipped. That makes every reply terminator in use the same: `\r\n\r\n` of this server, `\n\n` and
 * `\n\n\n` of original ones. A reply is the one line that is not blank.
 *
 * Never holds more than one line of `lineBytesMax` + 2 bytes; a longer one comes out cut, which `isCut` tells.
 */
export class LineReader {
  private readonly framer: LineFramer;

  constructor(private readonly lineBytesMax: number) {
    this.framer = new LineFramer(lineBytesMax);
  }

  /** The lines that `chunk` completes, without their line ends. They may be views of `chunk`. */
  push(chunk: Buffer): Buffer[] {
    const run = this.framer.push(chunk);
    return run === undefined ? [] : splitLines(run);
  }

  /** The last line, when the stream ended without a line end after it. */
  end(): Buffer[] {
    return this.push(loneNewline);
  }

  /** Whether this line was longer than the bound, so that only its beginning is there. */
  isCut(line: Buffer): boolean {
    return line.length > this.lineBytesMax;
  }
}

function splitLines(run: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = run.indexOf(newline); end >= 0; end = run.indexOf(newline, start)) {
    const textEnd = end > start && run[end - 1] === carriageReturn ? end - 1 : end;
    if (textEnd > start) lines.push(run.subarray(start, textEnd));
    start = end + 1;
  }
  return lines;
}
