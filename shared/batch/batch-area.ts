/**
 * Memory through which batches of requests go to the workers and their replies come back, without a copy or an
 * allocation per message. One slot carries one batch at a time.
 *
 * ```
 *   slot:  │ head │ segments: 8 words each │ request bytes │ reply bytes │ deliveries │
 *   segment: one connection's run of whole lines, and what became of it
 * ```
 *
 * The main thread owns a slot until it submits the batch, the worker until the batch is done. The counts of the queue
 * between the threads order the accesses (`batch-queue.ts`), so nothing here is atomic. A worker that dies leaves no
 * result: the slot is the main thread's again after the worker's 'exit', and its head says how far the worker came.
 */

import { copyBytes, viewOf } from '../protocol/word-view';
import { DeliveryArea, deliveryAreaBytes } from './delivery-area';

/** Connections in one batch. */
export const segmentsMax = 1_024;
export const requestAreaBytes = 262_144;
/** Room for the longest reply, several times over: a batch ends early when the next might not fit. */
export const replyAreaBytes = 4_194_304;

const newline = 0x0a;
/** Up to here copying word by word is faster than the call that copies in bulk. */
const wordsBytesMax = 256;
const headWords = 16;
const head = { segmentCount: 0, requestBytes: 1, begunCount: 2, doneCount: 3 } as const;
const segmentWords = 8;
const segment = {
  requestStart: 0,
  requestEnd: 1,
  consumedEnd: 2,
  replyStart: 3,
  replyEnd: 4,
  flags: 5,
  user: 6,
  position: 7,
} as const;

export const segmentFlag = {
  /** The segment's replies wait until its position is on disk. */
  awaitsDisk: 1,
  /** The segment may end before its last line, because the main thread has something to do first: `SegmentRest`. */
  hasRest: 2,
  /** The session that was used last is over: its own request has ended it, or found it ended. */
  hasLeft: 4,
} as const;

const slotBytes =
  (headWords + segmentsMax * segmentWords) * 4 + requestAreaBytes + replyAreaBytes + deliveryAreaBytes;

export function createBatchArea(slots: number): SharedArrayBuffer {
  return new SharedArrayBuffer(slots * slotBytes);
}

/** All slots of an area. */
export function openBatchSlots(area: SharedArrayBuffer): readonly BatchSlot[] {
  if (area.byteLength % slotBytes !== 0) throw new Error('the batch area is not made of whole slots');
  return Array.from({ length: area.byteLength / slotBytes }, (_, index) => new BatchSlot(area, index));
}

/** One slot, as both sides see it. Offsets are into `requests` and `replies`. */
export class BatchSlot {
  readonly requests: Buffer;
  readonly replies: Buffer;
  /** What subscribers are to hear of. */
  readonly deliveries: DeliveryArea;
  private readonly requestView: DataView;
  private copied: Uint8Array;
  private copiedView: DataView;
  private readonly words: Int32Array;

  constructor(
    area: SharedArrayBuffer,
    readonly index: number,
  ) {
    const start = index * slotBytes;
    const wordCount = headWords + segmentsMax * segmentWords;
    this.words = new Int32Array(area, start, wordCount);
    this.requests = Buffer.from(area, start + wordCount * 4, requestAreaBytes);
    this.requestView = viewOf(this.requests);
    this.copied = this.requests;
    this.copiedView = this.requestView;
    const replyStart = start + wordCount * 4 + requestAreaBytes;
    this.replies = Buffer.from(area, replyStart, replyAreaBytes);
    this.deliveries = new DeliveryArea(area, replyStart + replyAreaBytes);
  }

  get segmentCount(): number {
    return this.words[head.segmentCount]!;
  }

  get requestBytes(): number {
    return this.words[head.requestBytes]!;
  }

  /** Begins a new batch. */
  clear(): void {
    this.words[head.segmentCount] = 0;
    this.words[head.requestBytes] = 0;
    this.words[head.begunCount] = 0;
    this.words[head.doneCount] = 0;
    this.deliveries.clear();
  }

  /** Whether a segment of so many bytes still fits. */
  accepts(lengthBytes: number): boolean {
    return this.segmentCount < segmentsMax && aligned(this.requestBytes) + lengthBytes <= requestAreaBytes;
  }

  /** Adds a connection's whole lines: the first `lengthBytes` of `lines`, copied. They must fit. */
  add(lines: Uint8Array, lengthBytes = lines.length): void {
    const { words } = this;
    const start = aligned(words[head.requestBytes]!);
    const end = start + lengthBytes;
    const index = words[head.segmentCount]!;
    this.copyIn(lines, lengthBytes, start);
    const at = headWords + index * segmentWords;
    words[at + segment.requestStart] = start;
    words[at + segment.requestEnd] = end;
    // Until a worker says otherwise, nothing of it was done.
    words[at + segment.consumedEnd] = start;
    words[at + segment.replyStart] = 0;
    words[at + segment.replyEnd] = 0;
    words[at + segment.flags] = 0;
    words[at + segment.user] = 0;
    words[at + segment.position] = 0;
    words[head.requestBytes] = end;
    words[head.segmentCount] = index + 1;
  }

  private copyIn(lines: Uint8Array, lengthBytes: number, start: number): void {
    if (lengthBytes > wordsBytesMax) {
      this.requests.set(lengthBytes === lines.length ? lines : lines.subarray(0, lengthBytes), start);
      return;
    }
    // Sockets are read into one buffer: its view is made once.
    if (lines !== this.copied) {
      this.copied = lines;
      this.copiedView = viewOf(lines);
    }
    copyBytes(this.copiedView, 0, this.requestView, start, lengthBytes);
  }

  requestStart(index: number): number {
    return this.words[headWords + index * segmentWords + segment.requestStart]!;
  }

  requestEnd(index: number): number {
    return this.words[headWords + index * segmentWords + segment.requestEnd]!;
  }

  /** Up to where the segment's lines were carried out (or handed on as a deferred command). */
  consumedEnd(index: number): number {
    return this.words[headWords + index * segmentWords + segment.consumedEnd]!;
  }

  flags(index: number): number {
    return this.words[headWords + index * segmentWords + segment.flags]!;
  }

  /** The segment's replies, copied out: a later batch may use the memory while a socket still writes. */
  copyReplies(index: number): string {
    const at = headWords + index * segmentWords;
    return this.replies.toString(
      'latin1',
      this.words[at + segment.replyStart],
      this.words[at + segment.replyEnd],
    );
  }

  /** How many lines the segment has. */
  requestCount(index: number): number {
    let count = 0;
    for (let at = this.requestStart(index); at < this.requestEnd(index); at += 1) {
      if (this.requests[at] === newline) count += 1;
    }
    return count;
  }

  /** The segment's lines that were not carried out, copied. */
  copyUnconsumed(index: number): Buffer {
    return Buffer.from(this.requests.subarray(this.consumedEnd(index), this.requestEnd(index)));
  }

  /** The user whose session the segment used last, or 0. */
  user(index: number): number {
    return this.words[headWords + index * segmentWords + segment.user]!;
  }

  /** The journal's position after the segment's last change; see `segmentFlag.awaitsDisk`. */
  position(index: number): number {
    return this.words[headWords + index * segmentWords + segment.position]!;
  }

  /** Notes that a segment is being carried out: until `setResult`, nobody can tell what its lines have done. */
  begin(index: number): void {
    this.words[head.begunCount] = index + 1;
  }

  /** How many segments were begun, the first ones. */
  get begunCount(): number {
    return this.words[head.begunCount]!;
  }

  /** The segment that a dead worker had begun and not done; -1 when there is none. */
  get unfinishedSegment(): number {
    const doneCount = this.words[head.doneCount]!;
    return this.begunCount > doneCount ? doneCount : -1;
  }

  /**
   * Makes a deferred command one that was not carried out. For a batch whose result is lost, and the command's rest
   * with it: all that was done of the command is to look at the store.
   */
  takeBackRest(index: number): void {
    const at = headWords + index * segmentWords;
    const flags = this.words[at + segment.flags]!;
    if ((flags & segmentFlag.hasRest) === 0) return;
    const lineEnd = this.words[at + segment.consumedEnd]!;
    const earlierEnd = this.requests.lastIndexOf(newline, lineEnd - 2) + 1;
    this.words[at + segment.consumedEnd] = Math.max(this.requestStart(index), earlierEnd);
    this.words[at + segment.flags] = flags & ~segmentFlag.hasRest;
  }

  /** Notes what became of a segment. Segments are carried out in order. */
  setResult(index: number, result: SegmentOutcome): void {
    const at = headWords + index * segmentWords;
    this.words[at + segment.consumedEnd] = result.consumedEnd;
    this.words[at + segment.replyStart] = result.replyStart;
    this.words[at + segment.replyEnd] = result.replyEnd;
    this.words[at + segment.user] = result.user;
    this.words[at + segment.position] = result.position;
    this.words[at + segment.flags] = result.flags;
    // Last: a worker may die before any of these lines.
    this.words[head.doneCount] = index + 1;
  }
}

/**
 * The next place where a segment may start. Sockets are read to an aligned place: V8 copies into shared memory eight
 * bytes at a time when both ends are, and byte by byte when they are not alike.
 */
function aligned(offsetBytes: number): number {
  return (offsetBytes + 7) & ~7;
}

/** What a worker says of a segment; see `BatchSlot`. */
export interface SegmentOutcome {
  consumedEnd: number;
  replyStart: number;
  replyEnd: number;
  user: number;
  position: number;
  flags: number;
}
