/**
 * Bounds how many accounts are made from one address: so many at once, and as many an hour. No I/O.
 */
import { RecentMap } from './recent-map';
import { type BucketPolicy, TokenBucket } from './token-bucket';

const secondsPerHour = 3_600;
/** To push one out of the count takes a registration from as many other networks, each of which costs a hash. */
const networksMax = 16_384;

export interface RegistrationCount {
  readonly network: string;
  /** Accounts that may be made at once. */
  readonly left: number;
  /** Until the next. */
  readonly waitMs: number;
}

export class RegistrationLimiter {
  private readonly policy: BucketPolicy;
  /** Grows with every change that has to be kept across restarts. */
  changes = 0;
  private readonly buckets = new RecentMap<TokenBucket>(networksMax);

  /** @param perHour 0: as many as anybody likes. */
  constructor(private readonly perHour: number) {
    this.policy = { perSecond: perHour / secondsPerHour, burst: perHour };
  }

  /** Takes one registration: 0; or, where there is none left, says how long to wait. */
  take(network: string, nowMs: number): number {
    if (this.perHour === 0) return 0;
    const bucket = this.buckets.get(network) ?? new TokenBucket(this.policy, nowMs);
    const waitMs = bucket.waitMs(1, nowMs);
    if (waitMs > 0) return waitMs;
    bucket.take(1, nowMs);
    this.buckets.set(network, bucket);
    this.changes += 1;
    return 0;
  }

  /** One that was taken came to nothing, by no fault of whoever asked. */
  giveBack(network: string, nowMs: number): void {
    this.buckets.get(network)?.giveBack(1, nowMs);
  }

  *entries(nowMs: number): Generator<RegistrationCount> {
    for (const [network, bucket] of this.buckets) {
      const left = bucket.available(nowMs);
      if (left < this.policy.burst) yield { network, left, waitMs: bucket.waitMs(1, nowMs) };
    }
  }

  clear(network: string | undefined): number {
    let cleared = 0;
    for (const [known] of this.buckets)
      if ((network === undefined || known === network) && this.buckets.delete(known)) cleared += 1;
    this.changes += cleared;
    return cleared;
  }

  keepHouse(nowMs: number): void {
    for (const [network, bucket] of this.buckets)
      if (bucket.available(nowMs) >= this.policy.burst) this.buckets.delete(network);
  }

  /** Takes up a count that an earlier process has left. */
  restore(network: string, left: number, countedMs: number): void {
    if (this.perHour === 0) return;
    this.buckets.set(network, new TokenBucket(this.policy, countedMs, Math.min(left, this.policy.burst)));
  }
}
