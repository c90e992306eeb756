import { ChatError } from './chat-error';
import { retryMsOf } from './reply';

/** The range in which a `RetryDelay` moves. */
export interface RetryRange {
  /** Default 250. */
  readonly delayMsMin?: number;
  /** Default 30,000. */
  readonly delayMsMax?: number;
}

/** Error replies that say "not now": the same request may succeed later, and repeating it does no harm. */
const temporaryCodes: ReadonlySet<string> = new Set([
  'BUSY',
  'RATE_LIMITED',
  'UNKNOWN_OUTCOME',
  'TOO_MANY_PENDING',
]);

/**
 * How long to wait before the next try: each time up to twice as long as before, and by chance anything from half of
 * that on, so that many clients that failed together do not come back together.
 */
export class RetryDelay {
  private readonly delayMsMin: number;
  private readonly delayMsMax: number;
  private ceilingMs: number;

  constructor(
    range: RetryRange = {},
    private readonly random: () => number = Math.random,
  ) {
    this.delayMsMin = range.delayMsMin ?? 250;
    this.delayMsMax = Math.max(this.delayMsMin, range.delayMsMax ?? 30_000);
    this.ceilingMs = this.delayMsMin;
  }

  /** Never below the least delay, never above the greatest. */
  next(): number {
    this.ceilingMs = Math.min(this.delayMsMax, this.ceilingMs * 2);
    const floorMs = Math.max(this.delayMsMin, this.ceilingMs / 2);
    return Math.round(floorMs + this.random() * (this.ceilingMs - floorMs));
  }

  /** What was tried has worked: the next delay is the shortest again. */
  reset(): void {
    this.ceilingMs = this.delayMsMin;
  }

  /** How long to wait before a request that failed so is repeated; undefined when that would not help. */
  after(error: unknown): number | undefined {
    if (!(error instanceof ChatError) || !temporaryCodes.has(error.code)) return undefined;
    const retryMs = retryMsOf(error);
    return retryMs === undefined ? this.next() : Math.min(retryMs, this.delayMsMax);
  }
}
