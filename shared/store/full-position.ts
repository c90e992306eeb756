/**
 * A position of the ring counted in full, which one thread moves forward and others read without a lock: its low 32 bits
 * in one word, as the ring counts, and in another one the spans before it. The two are not stored at once, and need not
 * be: around a span, the low bits say which position is meant.
 */
import type { Memory } from './memory';

/** Wide enough for 53 bits of spans in a word, and much less than the 2^31 words that low bits can tell apart. */
const spanWords = 2 ** 24;

export interface FullPosition {
  readonly low: number;
  readonly span: number;
}

/** One thread at a time does. The position may be negative: the ring begins at 0 with each start, the journal does not. */
export function storePosition(memory: Memory, { low, span }: FullPosition, position: number): void {
  memory.store(span, Math.floor(position / spanWords));
  memory.store(low, position | 0);
}

export function loadPosition(memory: Memory, { low, span }: FullPosition): number {
  let spans = memory.load(span);
  for (;;) {
    const bits = memory.load(low);
    const spansAfter = memory.load(span);
    // However long this thread was not on a processor: the low bits are of a moment at which the span was this one.
    if (spans === spansAfter) return spans * spanWords + ((bits - spans * spanWords) | 0);
    spans = spansAfter;
  }
}
