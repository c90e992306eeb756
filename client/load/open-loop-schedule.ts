/**
 * When each request of an open-loop run is meant to be sent, whatever the server does: request k at
 * `startMs + k / rate`. Latency counts from that time, so a server that stalls is charged for every request that
 * had to wait for it (no coordinated omission).
 *
 * Times are milliseconds of `performance.now()`.
 */

/**
 * Timers of Node tick in milliseconds. A request that goes out on the first tick after its time, on a connection
 * that was free, is taken as meant for that tick; what is later than this is a delay like any other.
 */
export const timerGranularityMs = 1.5;

export class OpenLoopSchedule {
  /** Requests taken so far; also the number of the next one. */
  taken = 0;
  private readonly intervalMs: number;

  constructor(
    ratePerSecond: number,
    private readonly startMs: number,
  ) {
    this.intervalMs = 1_000 / ratePerSecond;
  }

  /** How many requests should have gone out by now and have not. */
  dueCount(nowMs: number): number {
    return Math.max(0, Math.floor((nowMs - this.startMs) / this.intervalMs) + 1 - this.taken);
  }

  nextDueMs(): number {
    return this.startMs + this.taken * this.intervalMs;
  }

  /** Takes a request that had to wait for a free connection. @returns the time that its latency counts from. */
  takeDelayed(): number {
    const intendedMs = this.nextDueMs();
    this.taken += 1;
    return intendedMs;
  }

  /** Takes a request that goes out on a timer's tick at `nowMs`. @returns the time that its latency counts from. */
  takeOnTick(nowMs: number): number {
    const intendedMs = this.takeDelayed();
    return nowMs - intendedMs <= timerGranularityMs ? nowMs : intendedMs;
  }
}
