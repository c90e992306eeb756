/**
 * Ships requests to the pool in adaptive batches, without a timer. Requests are written into the *open* batch as they
 * are read. It leaves at the end of the turn of the event loop in which they came, or as soon as it is worth a trip of its
 * own; while the pool is busy it stays open and grows. Idle: a batch of one, one hop of latency. Saturated: batches of
 * hundreds, and the hop costs nothing.
 *
 * Invariant: at most one batch holds lines of a connection, so its replies keep the order of its requests although
 * the pool promises no order of completion.
 */
import { segmentFlag } from '../shared/batch/batch-area';
import type { BatchSlot } from '../shared/batch/batch-area';
import type { Delivery } from '../shared/batch/delivery-area';
import type { BatchResult, Deferral, Subscription } from '../shared/batch/tasks';
import type { OpenBatch } from './live/delivery-queue';

/** Where requests come from and replies go to: a connection. */
export interface RequestSource {
  /** Takes up to `bytesMax` bytes of whole lines; undefined when it has none any more. */
  takeLines(bytesMax: number): Buffer | undefined;
  /** What became of the lines. The source enqueues itself again when it has more. */
  complete(result: SegmentResult): void;
  /** The thread that ran the lines has died in their midst: `requestCount` of them have an unknown outcome. */
  completeUnknown(requestCount: number): void;
}

export interface SegmentResult {
  /** Replies as 7-bit ASCII, in order; may be empty. */
  readonly replies: string;
  /** Lines that were not carried out and come before all that the source has. */
  readonly unconsumed: Buffer | undefined;
  /** The user whose session was used last, or 0. */
  readonly user: number;
  /** That session is over: its own request has ended it, or found it ended. */
  readonly hasLeft: boolean;
  /** A slow command that comes after `replies` and before `unconsumed`. */
  readonly deferral: Deferral | undefined;
  /** A session whose live frames the source wants, after `replies`. */
  readonly subscription: Subscription | undefined;
}

/** Lets replies go once a position of the journal is on disk. */
export interface Gate {
  hold(position: number, release: () => void): void;
}

/** Hears of what batches deliver to subscribers. */
export interface DeliveryListener {
  beginBatch(): OpenBatch;
  /** What the batch changed is on disk. */
  endBatch(batch: OpenBatch, deliveries: readonly Delivery[]): void;
  /** Deliveries may be missing. */
  catchUpAll(): void;
}

/** Resolves to a batch's result. Rejects when the thread that had the batch is dead and will write no more. */
export type RunBatch = (slot: number) => Promise<BatchResult>;

/** What becomes of the requests of a dead thread's batch that have no reply, in numbers. */
export interface LostRequests {
  /** May have been carried out or not. */
  readonly unknown: number;
  /** Not begun: carried out again. */
  readonly repeated: number;
}

/**
 * An open batch of so many connections or bytes, half a millisecond of a worker's time, does not wait for the end of the
 * turn. Nor is a smaller one sent beside others: it is better added to while they are under way (ADR 0011).
 */
const worthATrip = { sources: 256, bytes: 49_152 } as const;

/** A slot with the sources of its segments. */
class Batch {
  readonly sources: RequestSource[] = [];

  constructor(readonly slot: BatchSlot) {
    slot.clear();
  }

  add(source: RequestSource, lines: Uint8Array, lengthBytes: number): void {
    this.slot.add(lines, lengthBytes);
    this.sources.push(source);
  }

  clear(): void {
    this.sources.length = 0;
    this.slot.clear();
  }
}

export class Dispatcher {
  private readonly underWayMax: number;
  private underWay = 0;
  /** Batches with replies that wait for the disk. */
  private held = 0;
  private open: Batch;
  private readonly free: Batch[];
  /** Sources whose lines have to wait for room in the open batch. */
  private waiting: RequestSource[] = [];
  /** Sources whose lines a batch had no time or no room for: they come first in one that is empty still. */
  private overdue: RequestSource[] = [];
  /** Whether the source that is being completed has got nothing done. */
  private gotNothingDone = false;
  private flushIsScheduled = false;
  private hasStopped = false;
  private readonly idleListeners: (() => void)[] = [];

  /**
   * @param slots One more than batches may be under way: the open one.
   * @param segmentBytesMax What one connection may put in one batch; at least the longest line.
   * @param onLoss Hears what became of a dead thread's batch.
   */
  constructor(
    slots: readonly BatchSlot[],
    private readonly segmentBytesMax: number,
    private readonly runBatch: RunBatch,
    private readonly gate: Gate,
    private readonly live: DeliveryListener,
    private readonly onLoss: (lost: LostRequests) => void,
  ) {
    const [open, ...free] = slots.map((slot) => new Batch(slot));
    if (open === undefined || free.length === 0) throw new Error('the dispatcher needs two batch slots');
    this.open = open;
    this.free = free;
    this.underWayMax = free.length;
  }

  /**
   * Puts whole lines of a source straight into the open batch; false when there is no room, or others wait. The source
   * has no lines queued or under way. `lines` is copied.
   */
  append(source: RequestSource, lines: Uint8Array, lengthBytes: number): boolean {
    if (this.othersWait || !this.open.slot.accepts(lengthBytes)) return false;
    this.open.add(source, lines, lengthBytes);
    if (this.openIsWorthATrip && this.underWay < this.underWayMax) this.startOpen();
    else this.scheduleFlush();
    return true;
  }

  /** Queues a source that has lines; it must not be queued or under way already. */
  enqueue(source: RequestSource): void {
    (this.gotNothingDone ? this.overdue : this.waiting).push(source);
    this.scheduleFlush();
  }

  /** Resolves when nothing waits and nothing is under way. */
  async whenIdle(): Promise<void> {
    if (this.isIdle) return;
    await new Promise<void>((resolve) => {
      this.idleListeners.push(resolve);
    });
  }

  /** Starts nothing any more: the pool is about to end. */
  stop(): void {
    this.hasStopped = true;
  }

  private get isIdle(): boolean {
    return this.underWay === 0 && this.held === 0 && !this.othersWait && this.open.sources.length === 0;
  }

  private get othersWait(): boolean {
    return this.waiting.length > 0 || this.overdue.length > 0;
  }

  private scheduleFlush(): void {
    if (this.flushIsScheduled || this.underWay === this.underWayMax) return;
    this.flushIsScheduled = true;
    // After all sockets that are readable now have been read: their requests go together.
    setImmediate(this.flush);
  }

  private readonly flush = (): void => {
    this.flushIsScheduled = false;
    do {
      this.addWaiting();
      if (!this.openMayStart) return;
      this.startOpen();
    } while (this.othersWait);
  };

  private get openMayStart(): boolean {
    if (this.open.sources.length === 0 || this.underWay === this.underWayMax || this.hasStopped) return false;
    return this.underWay === 0 || this.openIsWorthATrip || this.othersWait;
  }

  private get openIsWorthATrip(): boolean {
    const { sources, slot } = this.open;
    return sources.length >= worthATrip.sources || slot.requestBytes >= worthATrip.bytes;
  }

  /** Moves waiting sources into the open batch: its fair share, or all that fit when it cannot leave now. */
  private addWaiting(): void {
    const { open } = this;
    if (open.sources.length === 0 && this.overdue.length > 0) {
      this.waiting = this.overdue.concat(this.waiting);
      this.overdue = [];
    }
    const { waiting } = this;
    if (waiting.length === 0) return;
    const freeTrips = this.underWayMax - this.underWay;
    const share =
      freeTrips === 0 ? Infinity : Math.max(worthATrip.sources, Math.ceil(waiting.length / freeTrips));
    let next = 0;
    while (next < waiting.length && open.sources.length < share && open.slot.accepts(this.segmentBytesMax)) {
      const source = waiting[next]!;
      next += 1;
      const lines = source.takeLines(this.segmentBytesMax);
      if (lines !== undefined) open.add(source, lines, lines.length);
    }
    this.waiting = next === waiting.length ? [] : waiting.slice(next);
  }

  private startOpen(): void {
    const batch = this.open;
    this.open = this.free.pop()!;
    this.underWay += 1;
    const openBatch = this.live.beginBatch();
    this.runBatch(batch.slot.index).then(
      (result) => {
        this.complete(batch, openBatch, result);
      },
      () => {
        this.completeDead(batch, openBatch);
      },
    );
  }

  /**
   * What a dead thread had done has its replies; what it had not begun goes back to its sources, to be carried out
   * again; the outcome of what it died in is unknown.
   */
  private completeDead(batch: Batch, openBatch: OpenBatch): void {
    if (this.hasStopped) return;
    const { slot, sources } = batch;
    const { unfinishedSegment } = slot;
    const lost = { unknown: 0, repeated: 0 };
    for (let segment = 0; segment < sources.length; segment += 1) {
      if (segment === unfinishedSegment) lost.unknown = slot.requestCount(segment);
      else if (segment >= slot.begunCount) lost.repeated += slot.requestCount(segment);
      else slot.takeBackRest(segment);
    }
    this.onLoss(lost);
    // What it was in the middle of may have been committed, and not noted. Before the batch ends, which lets go what is
    // newer: whoever has been sent that is not sent this any more.
    this.live.catchUpAll();
    this.complete(batch, openBatch, undefined, unfinishedSegment);
  }

  private complete(batch: Batch, openBatch: OpenBatch, rests: BatchResult, unfinishedSegment = -1): void {
    const { slot, sources } = batch;
    const deliveries = slot.deliveries.isEmpty ? noDeliveries : slot.deliveries.copy(sources);
    if (slot.deliveries.hasOverflowed) this.live.catchUpAll();
    const held: HeldSegment[] = [];
    let position = 0;
    for (let segment = 0; segment < sources.length; segment += 1) {
      if (segment === unfinishedSegment) {
        sources[segment]!.completeUnknown(slot.requestCount(segment));
        continue;
      }
      const result = readResult(slot, segment, rests);
      if ((slot.flags(segment) & segmentFlag.awaitsDisk) === 0) {
        this.gotNothingDone = slot.consumedEnd(segment) === slot.requestStart(segment);
        sources[segment]!.complete(result);
        this.gotNothingDone = false;
        continue;
      }
      const segmentPosition = slot.position(segment);
      if (held.length === 0 || ((segmentPosition - position) | 0) > 0) position = segmentPosition;
      held.push({ source: sources[segment]!, result });
    }
    this.release(batch);
    if (held.length === 0) {
      this.live.endBatch(openBatch, deliveries);
      return;
    }
    this.held += 1;
    this.gate.hold(position, () => {
      this.held -= 1;
      for (const { source, result } of held) source.complete(result);
      this.live.endBatch(openBatch, deliveries);
      this.tellIfIdle();
    });
  }

  private release(batch: Batch): void {
    batch.clear();
    this.free.push(batch);
    this.underWay -= 1;
    if (this.othersWait || this.open.sources.length > 0) this.scheduleFlush();
    this.tellIfIdle();
  }

  private tellIfIdle(): void {
    if (this.isIdle) for (const listener of this.idleListeners.splice(0)) listener();
  }
}

const noDeliveries: readonly Delivery[] = [];

/** A segment whose replies wait for the disk. */
interface HeldSegment {
  readonly source: RequestSource;
  readonly result: SegmentResult;
}

/** Everything is copied out of the slot, which is free for the next batch afterwards. */
function readResult(slot: BatchSlot, segment: number, rests: BatchResult): SegmentResult {
  const isConsumed = slot.consumedEnd(segment) === slot.requestEnd(segment);
  const flags = slot.flags(segment);
  const hasRest = (flags & segmentFlag.hasRest) !== 0;
  const rest = hasRest ? rests?.find((found) => found.segment === segment) : undefined;
  return {
    replies: slot.copyReplies(segment),
    unconsumed: isConsumed ? undefined : slot.copyUnconsumed(segment),
    user: slot.user(segment),
    hasLeft: (flags & segmentFlag.hasLeft) !== 0,
    deferral: rest?.deferral,
    subscription: rest?.subscription,
  };
}
