/**
 * Keeps one connection within its budget (`flood-budget.ts`): says how much of what was read goes through, counts the
 * requests to be refused, and knows while the connection is not to be read from. It touches no socket.
 */
import type { ConnectionBudget } from './flood-budget';
import { rateLimitedFrame } from './rate-limited';

const newline = 0x0a;

/** Refusals that are written at once. */
const refusalsPerWrite = 256;

export class FloodGuard {
  /** Requests to be refused once all before them are answered, and how. */
  private refusedCount = 0;
  private refusal = '';
  /** Runs while the connection is over its budget. */
  private timer: NodeJS.Timeout | undefined;

  /** @param onWaited The connection may be read from again. */
  constructor(
    private readonly budget: ConnectionBudget,
    private readonly onWaited: () => void,
  ) {}

  /** The connection is over its budget, and not to be read from. */
  get isWaiting(): boolean {
    return this.timer !== undefined;
  }

  /** There are requests that are still to be refused. */
  get owesRefusals(): boolean {
    return this.refusedCount > 0;
  }

  /**
   * Takes what was read, the first `byteCount` of `bytes`: returns how many bytes go through, or undefined when all do and
   * nothing is owed. After anything else the connection has to `wait`.
   */
  take(bytes: Buffer, byteCount: number): number | undefined {
    const nowMs = performance.now();
    // What comes after a refused request is refused with it: it might depend on it, and order is kept.
    const withinBytes = this.owesRefusals ? 0 : this.budget.take(bytes, byteCount, nowMs);
    return withinBytes === byteCount && !this.budget.owes(nowMs) ? undefined : withinBytes;
  }

  /** Refuses whole lines, each with a reply of its own. False when there are none. */
  refuse(lines: Buffer | undefined): boolean {
    const count = countLines(lines);
    if (count === 0) return false;
    const nowMs = performance.now();
    this.budget.chargeRefusals(count * rateLimitedFrame(this.budget.waitMs(nowMs)).length, nowMs);
    this.refusal = rateLimitedFrame(this.budget.waitMs(nowMs));
    this.refusedCount += count;
    return true;
  }

  /** Begins to wait, or begins anew, until the budget is worth being taken up again. */
  wait(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.onWaited();
    }, this.budget.waitMs(performance.now()));
  }

  /** Some of the refusals that are owed, as text; they are owed no longer. */
  takeRefusals(): string {
    const count = Math.min(this.refusedCount, refusalsPerWrite);
    this.refusedCount -= count;
    return this.refusal.repeat(count);
  }

  /** From now on requests count for this user too. */
  claim(user: number): void {
    this.budget.claim(user, performance.now());
  }

  /** Nobody is left to be refused. */
  dropRefusals(): void {
    this.refusedCount = 0;
  }

  /** The connection is closed. */
  stop(): void {
    clearTimeout(this.timer);
  }
}

function countLines(lines: Buffer | undefined): number {
  let count = 0;
  if (lines !== undefined) for (const byte of lines) if (byte === newline) count += 1;
  return count;
}
