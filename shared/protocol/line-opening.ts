/**
 * How a line began, as far as it was parsed: command, token, destination. The lines that a client sends together mostly
 * begin alike, and what was looked at byte by byte once is recognised four bytes at a time in the next.
 */

/** See `word-view.ts`. */
const littleEndian = true;
const carriageReturn = 0x0d;
const newline = 0x0a;
const space = 0x20;
const wordBytes = 4;
/** A command, a token and the longest name, with room to spare; a longer opening is not kept. */
const lengthBytesMax = 96;

export class LineOpening {
  /** The command's row of the table. */
  row = 0;
  /** How many of its parameters the opening holds. */
  parameterCount = 0;
  /** From the line's first byte to the end of the opening's last word. */
  lengthBytes = 0;
  /** Whether another line can be told to begin in the same way. */
  private isKept = false;
  /** The opening's bytes; the last word ends where the opening does, and so may overlap the one before. */
  private readonly words = new Int32Array(lengthBytesMax / wordBytes);

  /** Begins another one, with a command that ends after so many bytes of its line. */
  begin(row: number, lengthBytes: number): void {
    this.isKept = false;
    this.row = row;
    this.parameterCount = 0;
    this.lengthBytes = lengthBytes;
  }

  /** Adds the next parameter, which ends after so many bytes of the line. One that is kept stays as it is. */
  extend(lengthBytes: number): void {
    if (this.isKept) return;
    this.parameterCount += 1;
    this.lengthBytes = lengthBytes;
  }

  /**
   * From here on a line that begins like the one at `start` is recognised.
   *
   * Invariant: whoever has parsed the opening's parameters leaves them as they are until it begins another.
   */
  keep(view: DataView, start: number): void {
    const lastWord = this.lengthBytes - wordBytes;
    if (this.parameterCount === 0 || this.lengthBytes > lengthBytesMax) return;
    const { words } = this;
    let index = 0;
    for (let at = 0; at < lastWord; at += wordBytes, index += 1)
      words[index] = view.getInt32(start + at, littleEndian);
    words[index] = view.getInt32(start + lastWord, littleEndian);
    this.isKept = true;
  }

  /** Whether the line at `start` begins with the very bytes of the one that was kept, and a word ends with them. */
  opens(view: DataView, start: number, end: number): boolean {
    const { lengthBytes, words } = this;
    if (!this.isKept || start + lengthBytes >= end) return false;
    const lastWord = lengthBytes - wordBytes;
    let index = 0;
    for (let at = 0; at < lastWord; at += wordBytes, index += 1)
      if (view.getInt32(start + at, littleEndian) !== words[index]) return false;
    if (view.getInt32(start + lastWord, littleEndian) !== words[index]) return false;
    const behind = view.getUint8(start + lengthBytes);
    return behind === space || behind === carriageReturn || behind === newline;
  }
}
