/**
 * Counts failures by a key and says how long the next attempt has to wait. No I/O; times are milliseconds of the wall
 * clock, which may jump: a count never makes anybody wait longer than its policy's longest delay.
 *
 * ```
 *   failures  0 … free-1   free   free+1   free+2  …
 *   delay          0        1 s     2 s      4 s   … up to delayMsMax
 * ```
 *
 * An attempt counts as a failure from when it begins until it ends: a hundred begun at once get no more guesses than a
 * hundred begun one after the other. Only a key without failures may have a few attempts under way at once whatever the
 * bound is, because a fleet that comes back after a restart is no attack.
 *
 * A failure is forgotten every `forgetMs`, and there is a most to be counted, so that everybody is let in again some
 * time. Attempts that were refused are not counted: nobody waits longer for having asked again.
 */
import { RecentMap } from './recent-map';

export interface FailurePolicy {
  /** So many failures, less one, cost nothing. */
  readonly freeFailures: number;
  readonly forgetMs: number;
  readonly delayMsMax: number;
}

export interface FailureCount {
  /** As they were at the last one. */
  failures: number;
  lastFailureMs: number;
  /** Attempts that have begun and not ended. */
  underWay: number;
}

/** It takes so many failures of others to push a key out, and each of them costs the server a hash: minutes. */
const keysMax = 16_384;
const delayMsMin = 1_000;
/** When to come back while others' attempts are under way: they take about so long. */
const underWayMs = 1_000;
const underWayUnsuspectedMax = 16;

export class FailureCounter {
  private readonly counts: RecentMap<FailureCount>;
  private readonly failuresMax: number;

  constructor(private readonly policy: FailurePolicy) {
    const doublings = Math.ceil(Math.log2(policy.delayMsMax / delayMsMin));
    this.failuresMax = policy.freeFailures + doublings;
    this.counts = new RecentMap(keysMax, ({ failures, underWay }) => {
      return underWay > 0 || failures >= policy.freeFailures;
    });
  }

  /** How long until an attempt may begin; 0: now. */
  waitMs(key: string, nowMs: number): number {
    const count = this.counts.get(key);
    if (count === undefined) return 0;
    const { freeFailures } = this.policy;
    const failures = this.failures(count, nowMs);
    if (failures + count.underWay < freeFailures) return 0;
    if (failures === 0 && count.underWay < underWayUnsuspectedMax) return 0;
    const leftMs = this.delayLeftMs(count, nowMs);
    if (leftMs > 0) return leftMs;
    // The delay is over for one attempt, whose outcome decides about the next.
    return failures >= freeFailures && count.underWay === 0 ? 0 : underWayMs;
  }

  begin(key: string): void {
    const count = this.counts.get(key) ?? { failures: 0, lastFailureMs: 0, underWay: 0 };
    count.underWay += 1;
    this.counts.set(key, count);
  }

  /** An attempt ended that was no failure. */
  end(key: string): void {
    const count = this.counts.get(key);
    if (count === undefined) return;
    count.underWay = Math.max(0, count.underWay - 1);
    if (count.underWay === 0 && count.failures === 0) this.counts.delete(key);
  }

  /** An attempt failed. True when, because of it, the next one has to wait and this one had not. */
  fail(key: string, nowMs: number): boolean {
    const { freeFailures } = this.policy;
    const count = this.counts.get(key) ?? { failures: 0, lastFailureMs: nowMs, underWay: 0 };
    const wasHeldBack = this.failures(count, nowMs) >= freeFailures;
    count.failures = Math.min(this.failuresMax, this.remaining(count, nowMs) + 1);
    count.lastFailureMs = nowMs;
    count.underWay = Math.max(0, count.underWay - 1);
    this.counts.set(key, count);
    return !wasHeldBack && this.failures(count, nowMs) >= freeFailures;
  }

  /** Forgets a key's failures. False when there were none. */
  clear(key: string): boolean {
    const count = this.counts.get(key);
    if (count === undefined) return false;
    const hadFailures = count.failures > 0;
    count.failures = 0;
    if (count.underWay === 0) this.counts.delete(key);
    return hadFailures;
  }

  /** Keys with failures that are not forgotten, as they are now. */
  *entries(nowMs: number): Generator<FailureEntry> {
    for (const [key, count] of this.counts) {
      const failures = this.failures(count, nowMs);
      if (failures === 0) continue;
      const isHeldBack = failures >= this.policy.freeFailures;
      yield { key, failures, isHeldBack, waitMs: this.waitMs(key, nowMs), count };
    }
  }

  /** Drops the keys whose failures are all forgotten. */
  keepHouse(nowMs: number): void {
    for (const [key, count] of this.counts) {
      if (count.underWay === 0 && this.remaining(count, nowMs) === 0) this.counts.delete(key);
    }
  }

  /** Takes up a count that an earlier process has left. */
  restore(key: string, failures: number, lastFailureMs: number): void {
    this.counts.set(key, { failures: Math.min(failures, this.failuresMax), lastFailureMs, underWay: 0 });
  }

  /** Whole failures that are not forgotten: one that is forgotten in part still counts. */
  private failures(count: FailureCount, nowMs: number): number {
    return Math.ceil(this.remaining(count, nowMs));
  }

  private remaining({ failures, lastFailureMs }: FailureCount, nowMs: number): number {
    const passedMs = Math.max(0, nowMs - lastFailureMs);
    return Math.max(0, failures - passedMs / this.policy.forgetMs);
  }

  private delayLeftMs(count: FailureCount, nowMs: number): number {
    const { freeFailures, delayMsMax } = this.policy;
    const over = this.failures(count, nowMs) - freeFailures;
    if (over < 0) return 0;
    const delayMs = Math.min(delayMsMax, delayMsMin * 2 ** over);
    return Math.ceil(Math.min(delayMs, count.lastFailureMs + delayMs - nowMs));
  }
}

/** What stands against a key. */
export interface FailureEntry {
  readonly key: string;
  readonly failures: number;
  /** There are so many that attempts have to wait for each other. */
  readonly isHeldBack: boolean;
  /** Until the next attempt. */
  readonly waitMs: number;
  readonly count: Readonly<FailureCount>;
}
