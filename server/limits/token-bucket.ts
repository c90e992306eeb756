/**
 * A budget that refills: `burst` at once, then `perSecond`. What is taken over it is owed, and paid back first. No I/O.
 */

export interface BucketPolicy {
  readonly perSecond: number;
  readonly burst: number;
}

export class TokenBucket {
  private tokens: number;
  private countedMs: number;

  constructor(
    private readonly policy: BucketPolicy,
    nowMs: number,
    tokens: number = policy.burst,
  ) {
    this.tokens = tokens;
    this.countedMs = nowMs;
  }

  /** What may be taken; below zero what is owed. */
  available(nowMs: number): number {
    const { perSecond, burst } = this.policy;
    const passedMs = nowMs - this.countedMs;
    if (passedMs > 0) this.tokens = Math.min(burst, this.tokens + (passedMs * perSecond) / 1_000);
    this.countedMs = nowMs;
    return this.tokens;
  }

  /** Takes so many, even where there are fewer: up to a whole `burst` may be owed. */
  take(count: number, nowMs: number): void {
    this.tokens = Math.max(-this.policy.burst, this.available(nowMs) - count);
  }

  giveBack(count: number, nowMs: number): void {
    this.tokens = Math.min(this.policy.burst, this.available(nowMs) + count);
  }

  /** How long until so many can be taken. */
  waitMs(count: number, nowMs: number): number {
    const missing = Math.min(count, this.policy.burst) - this.available(nowMs);
    return missing <= 0 ? 0 : Math.ceil((missing / this.policy.perSecond) * 1_000);
  }
}
