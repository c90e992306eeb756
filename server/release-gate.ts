/**
 * Holds replies back until what they promise is on disk, and lets them go in the order in which they came. A worker
 * never waits for the disk; this does.
 */
import type { DurablePosition } from '../shared/store/durable-position';

interface HeldReplies {
  /** The journal's position after the last change that they answer. */
  readonly position: number;
  readonly release: () => void;
}

export class ReleaseGate {
  private held: HeldReplies[] = [];
  private isWaiting = false;

  constructor(private readonly durable: DurablePosition) {}

  /** Calls `release` once everything before `position` is on disk: at once, when it is. */
  hold(position: number, release: () => void): void {
    if (this.held.length === 0 && this.durable.hasReached(position)) {
      release();
      return;
    }
    this.held.push({ position, release });
    if (!this.isWaiting) this.waitForMore();
  }

  whenDurable(position: number): Promise<void> {
    return new Promise((resolve) => {
      this.hold(position, resolve);
    });
  }

  private waitForMore(): void {
    this.isWaiting = true;
    this.durable.onceMoved(() => {
      this.isWaiting = false;
      this.releaseReached();
    });
    // It may have moved between the look and the wait.
    if (this.held.length > 0 && this.durable.hasReached(this.held[0]!.position)) this.releaseReached();
  }

  private releaseReached(): void {
    let count = 0;
    while (count < this.held.length && this.durable.hasReached(this.held[count]!.position)) count += 1;
    const reached = this.held.splice(0, count);
    for (const { release } of reached) release();
    if (this.held.length > 0 && !this.isWaiting) this.waitForMore();
  }
}
