/** What a test has appended to a journal, to compare with what it reads. Payloads differ in every word. */
import type { JournalSink } from '../../shared/journal/journal-sink';

export interface Appended {
  readonly position: number;
  readonly words: Int32Array;
}

/** The bytes of some words, as `append` takes them. */
export function bytesOf(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

let stampCount = 0;

/** Words that no other call returns. */
export function freshWords(wordCount: number): Int32Array {
  stampCount += 1;
  return Int32Array.from({ length: wordCount }, (_, index) => (stampCount << 12) + index + 1);
}

export class JournalHistory {
  constructor(
    public appended: Appended[] = [],
    /** Everything before it must be there. */
    public syncedPosition = 0,
    /** Everything before it has been let go of. */
    public trimmedPosition = 0,
  ) {}

  copy(): JournalHistory {
    return new JournalHistory([...this.appended], this.syncedPosition, this.trimmedPosition);
  }

  get endPosition(): number {
    const last = this.appended.at(-1);
    return last === undefined ? 0 : last.position + last.words.length;
  }

  /** Appends to both. The history takes it first: a power cut while it is under way may leave it. */
  append(log: JournalSink, wordCount: number): void {
    const words = freshWords(wordCount);
    const position = this.endPosition;
    this.appended.push({ position, words });
    const half = (wordCount >> 1) * 4;
    log.append([bytesOf(words).subarray(0, half), bytesOf(words).subarray(half)]);
  }

  sync(log: JournalSink): void {
    log.sync();
    this.syncedPosition = this.endPosition;
  }

  trim(log: JournalSink, before: number): void {
    this.trimmedPosition = Math.max(this.trimmedPosition, before);
    log.trim(before);
  }

  /**
   * Compares with what a journal that was opened again holds, and takes it for the truth from here on.
   * @returns what is wrong.
   */
  compare(log: JournalSink): string[] {
    const wrong: string[] = [];
    const end = log.endPosition;
    if (end < this.syncedPosition) wrong.push(`ends at ${end}, synced to ${this.syncedPosition}`);
    const replayed = this.appended.filter(({ position }) => position < end);
    const last = replayed.at(-1);
    if (end !== (last === undefined ? 0 : last.position + last.words.length))
      wrong.push(`ends at ${end}, within a payload`);
    const read: string[] = [];
    log.read(this.trimmedPosition, (payload, position) => read.push(`${position}: ${payload.join()}`));
    const expected = replayed
      .filter(({ position, words }) => position + words.length > this.trimmedPosition)
      .map(({ position, words }) => cut(position, words, this.trimmedPosition));
    if (read.join('\n') !== expected.join('\n')) wrong.push(`read ${read.length} of ${expected.length}`);
    this.appended = replayed;
    return wrong;
  }
}

function cut(position: number, words: Int32Array, from: number): string {
  const skipped = Math.max(0, from - position);
  return `${position + skipped}: ${words.subarray(skipped).join()}`;
}
