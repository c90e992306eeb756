/**
 * Ships requests to the pool in adaptive batches, without a timer. While every slot is busy, requests pile up; a slot
 * that comes free takes its fair share of what waits. Idle: a batch of one, one hop of latency. Saturated: batches of
 * hundreds, and the hop costs nothing.
 *
 * Invariant: at most one batch of a connection is under way, so its replies keep the order of its requests although
 * the pool promises no order of completion.
 */
import { type BatchSlot, segmentFlag } from '../shared/batch/batch-area';
import type { BatchResult, Deferral } from '../shared/batch/tasks';

/** Where requests come from and replies go to: a connection. */
export interface RequestSource {
  /** Takes up to `bytesMax` bytes of whole lines; undefined when it has none any more. */
  takeLines(bytesMax: number): Buffer | undefined;
  /** What became of the lines taken. The source enqueues itself again when it has more. */
  complete(result: SegmentResult): void;
  /** The thread that ran the lines taken has died: `requestCount` of them have an unknown outcome. */
  completeUnknown(requestCount: number): void;
}

export interface SegmentResult {
  /** Replies as 7-bit ASCII, in order; may be empty. */
  readonly replies: string;
  /** Lines that were not carried out and come before all that the source has. */
  readonly unconsumed: Buffer | undefined;
  readonly usedSession: boolean;
  /** A slow command that comes after `replies` and before `unconsumed`. */
  readonly deferral: Deferral | undefined;
}

export type RunBatch = (slot: number) => Promise<BatchResult>;

/** A batch smaller than this is not split among the free slots: the hops would cost more than they bring. */
const shareMin = 64;

export class Dispatcher {
  private readonly free: number[];
  private waiting: RequestSource[] = [];
  private flushIsScheduled = false;
  private readonly idleListeners: (() => void)[] = [];

  /**
   * @param segmentBytesMax What one connection may put in one batch; at least the longest line.
   * @param onFailure Hears why a batch failed; its sources are told that the outcome is unknown.
   */
  constructor(
    private readonly slots: readonly BatchSlot[],
    private readonly segmentBytesMax: number,
    private readonly runBatch: RunBatch,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.free = slots.map(({ index }) => index);
  }

  /** Queues a source that has lines; it must not be queued or under way already. */
  enqueue(source: RequestSource): void {
    this.waiting.push(source);
    if (this.flushIsScheduled || this.free.length === 0) return;
    this.flushIsScheduled = true;
    // After all sockets that are readable now have been read: their requests go together.
    setImmediate(this.flush);
  }

  /** Resolves when nothing waits and nothing is under way. */
  async whenIdle(): Promise<void> {
    if (this.isIdle) return;
    await new Promise<void>((resolve) => {
      this.idleListeners.push(resolve);
    });
  }

  private get isIdle(): boolean {
    return this.waiting.length === 0 && this.free.length === this.slots.length;
  }

  private readonly flush = (): void => {
    this.flushIsScheduled = false;
    let next = 0;
    while (this.free.length > 0 && next < this.waiting.length) {
      const slot = this.slots[this.free.pop()!]!;
      const left = this.waiting.length - next;
      const share = Math.max(shareMin, Math.ceil(left / (this.free.length + 1)));
      const sources: RequestSource[] = [];
      next = this.fill(slot, next, share, sources);
      if (sources.length === 0) this.free.push(slot.index);
      else this.start(slot, sources);
    }
    if (next > 0) this.waiting = next === this.waiting.length ? [] : this.waiting.slice(next);
  };

  /** Fills a slot from the queue; returns the queue position after the last source taken. */
  private fill(slot: BatchSlot, start: number, share: number, sources: RequestSource[]): number {
    slot.clear();
    let next = start;
    while (next < this.waiting.length && sources.length < share && slot.accepts(this.segmentBytesMax)) {
      const source = this.waiting[next]!;
      next += 1;
      const lines = source.takeLines(this.segmentBytesMax);
      if (lines === undefined) continue;
      slot.add(lines);
      sources.push(source);
    }
    return next;
  }

  private start(slot: BatchSlot, sources: readonly RequestSource[]): void {
    this.runBatch(slot.index).then(
      (result) => {
        this.complete(slot, sources, result);
      },
      (error: unknown) => {
        this.onFailure(error);
        this.completeUnknown(slot, sources);
      },
    );
  }

  private complete(slot: BatchSlot, sources: readonly RequestSource[], result: BatchResult): void {
    for (let segment = 0; segment < sources.length; segment += 1) {
      const flags = slot.flags(segment);
      const isConsumed = slot.consumedEnd(segment) === slot.requestEnd(segment);
      sources[segment]!.complete({
        replies: slot.copyReplies(segment),
        unconsumed: isConsumed ? undefined : slot.copyUnconsumed(segment),
        usedSession: (flags & segmentFlag.usedSession) !== 0,
        deferral:
          (flags & segmentFlag.deferred) === 0
            ? undefined
            : result?.find((deferred) => deferred.segment === segment)?.deferral,
      });
    }
    this.release(slot);
  }

  private completeUnknown(slot: BatchSlot, sources: readonly RequestSource[]): void {
    const counts = sources.map((_, segment) => slot.requestCount(segment));
    this.release(slot);
    for (const [segment, source] of sources.entries()) source.completeUnknown(counts[segment]!);
  }

  private release(slot: BatchSlot): void {
    this.free.push(slot.index);
    if (this.waiting.length > 0) this.flush();
    if (this.isIdle) for (const listener of this.idleListeners.splice(0)) listener();
  }
}
