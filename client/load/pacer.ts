/** Decides when a lane with room gets its next requests. */
import type { Lane } from './lane';
import { OpenLoopSchedule } from './open-loop-schedule';

export interface Pacer {
  /** Requests handed to lanes so far. */
  readonly issuedCount: number;
  /** True once `requestsMax` have been handed out. */
  readonly isExhausted: boolean;
  /** Requests that should have gone out by now and found no lane with room. */
  overdueCount(nowMs: number): number;
  start(nowMs: number): void;
  /** The lane has room; called at the start for every lane, and after each of its replies. */
  onRoom(lane: Lane, nowMs: number): void;
  /** A lane is gone for good. */
  onLost(lane: Lane): void;
  stop(): void;
}

/** Closed loop: as fast as replies come, every lane always full. */
export class ClosedLoopPacer implements Pacer {
  issuedCount = 0;

  /** @param requestsMax may be `Infinity`. */
  constructor(private readonly requestsMax: number) {}

  get isExhausted(): boolean {
    return this.issuedCount === this.requestsMax;
  }

  overdueCount(): number {
    return 0;
  }

  start(): void {
    // Nothing to prepare: the lanes drive themselves.
  }

  onRoom(lane: Lane, nowMs: number): void {
    const count = Math.min(lane.freeSlots, this.requestsMax - this.issuedCount);
    if (count === 0) return;
    this.issuedCount += count;
    lane.enqueue(count, nowMs);
    lane.flush();
  }

  onLost(): void {
    // A lane that is gone asks for no more.
  }

  stop(): void {
    // No timers to stop.
  }
}

/** Open loop: requests go out when the schedule says so, on whichever lane has waited longest. */
export class OpenLoopPacer implements Pacer {
  private schedule: OpenLoopSchedule | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Lanes with room, in the order in which they are used; each once. */
  private readonly waiting = new Set<Lane>();

  /** @param startOffsetMs staggers several generators, so that they do not send at the same moments. */
  constructor(
    private readonly ratePerSecond: number,
    private readonly requestsMax: number,
    private readonly startOffsetMs: number,
  ) {}

  get issuedCount(): number {
    return this.schedule?.taken ?? 0;
  }

  get isExhausted(): boolean {
    return this.issuedCount === this.requestsMax;
  }

  overdueCount(nowMs: number): number {
    const due = this.schedule?.dueCount(nowMs) ?? 0;
    return Math.min(due, this.requestsMax - this.issuedCount);
  }

  start(nowMs: number): void {
    this.schedule = new OpenLoopSchedule(this.ratePerSecond, nowMs + this.startOffsetMs);
    this.armTimer(nowMs);
  }

  onRoom(lane: Lane, nowMs: number): void {
    const { schedule } = this;
    if (schedule === undefined) return;
    const count = Math.min(this.overdueCount(nowMs), lane.freeSlots);
    // With other lanes waiting, what is due is due on the next tick: nothing had to wait for this lane.
    if (count > 0 && this.waiting.size === 0) {
      for (let request = 0; request < count; request += 1) lane.enqueue(1, schedule.takeDelayed());
      lane.flush();
    }
    if (lane.freeSlots > 0) this.waiting.add(lane);
  }

  onLost(lane: Lane): void {
    this.waiting.delete(lane);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.waiting.clear();
  }

  private armTimer(nowMs: number): void {
    const delayMs = this.schedule!.nextDueMs() - nowMs;
    this.timer = setTimeout(
      () => {
        this.tick();
      },
      Math.max(1, Math.ceil(delayMs)),
    );
  }

  private tick(): void {
    const nowMs = performance.now();
    const schedule = this.schedule!;
    let due = this.overdueCount(nowMs);
    const touched = new Set<Lane>();
    for (const lane of this.waiting) {
      if (due === 0) break;
      lane.enqueue(1, schedule.takeOnTick(nowMs));
      due -= 1;
      touched.add(lane);
      // To the end of the line, where the iteration meets it again once every other lane has had its turn.
      this.waiting.delete(lane);
      if (lane.freeSlots > 0) this.waiting.add(lane);
    }
    for (const lane of touched) lane.flush();
    if (!this.isExhausted) this.armTimer(nowMs);
  }
}
