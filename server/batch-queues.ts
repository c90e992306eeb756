/**
 * The main thread's end of the batch queues: gives each thread that serves batches a queue, hands batches over, and tells
 * what became of them. See `shared/batch/batch-queue.ts`.
 */
import { openBatchQueues, type BatchQueue } from '../shared/batch/batch-queue';
import type { BatchResult } from '../shared/batch/tasks';
import { Memory } from '../shared/store/memory';

/** A batch under way. */
interface Trip {
  readonly slot: number;
  readonly resolve: (result: BatchResult) => void;
  readonly reject: (error: Error) => void;
}

interface ThreadQueue {
  readonly queue: BatchQueue;
  /** In the order in which they were submitted. */
  readonly trips: Trip[];
  doneCount: number;
  isWatched: boolean;
}

export class BatchQueues {
  private readonly queues: readonly ThreadQueue[];
  /** What no thread has room for now. */
  private readonly waiting: Trip[] = [];

  /**
   * @param area of `createQueueArea`.
   * @param batchesMax What one queue takes.
   */
  constructor(
    area: SharedArrayBuffer,
    private readonly batchesMax: number,
  ) {
    this.queues = openBatchQueues(new Memory(area)).map((queue) => ({
      queue,
      trips: [],
      doneCount: queue.doneCount,
      isWatched: false,
    }));
  }

  /** Has a batch run. @returns its result. Rejects when its thread has died and writes no more. */
  run(slot: number): Promise<BatchResult> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ slot, resolve, reject });
      this.submitWaiting();
    });
  }

  /** Gives a thread a queue: its own, or one that is nobody's. False when there is none until a dead thread is buried. */
  assign(threadId: number): boolean {
    if (this.find(threadId) !== undefined) return true;
    const free = this.find(0);
    if (free === undefined) return false;
    free.queue.thread = threadId;
    this.submitWaiting();
    return true;
  }

  /** Has a thread leave its queue after the batch that it runs. */
  callAway(threadId: number): void {
    this.find(threadId)?.queue.callAway();
  }

  /** How many batches a thread has. */
  tripsOf(threadId: number): number {
    return this.find(threadId)?.trips.length ?? 0;
  }

  /** A thread has left its queue: because the batch that it took last has a result, or because it was called away. */
  noteLeft(threadId: number, result: BatchResult): void {
    const queue = this.find(threadId);
    if (queue === undefined) return;
    this.collect(queue);
    if (result === undefined) return;
    queue.queue.markDone();
    queue.doneCount = queue.queue.doneCount;
    queue.trips.shift()!.resolve(result);
    this.submitWaiting();
  }

  /** A thread has died and writes no more: its batches are lost, but for those that were done. */
  bury(threadId: number): void {
    const queue = this.find(threadId);
    if (queue === undefined) return;
    // First of all: what waits is not to go to it when the ones that were done make room.
    queue.queue.thread = 0;
    this.collect(queue);
    queue.queue.drop();
    for (const { reject } of queue.trips.splice(0)) reject(new Error('the thread died that had the batch'));
  }

  private find(threadId: number): ThreadQueue | undefined {
    return this.queues.find(({ queue }) => queue.thread === threadId);
  }

  /** One thread is given all it takes before the next is woken (ADR 0011). */
  private submitWaiting(): void {
    while (this.waiting.length > 0) {
      const queue = this.queues.find(
        ({ queue: { thread }, trips }) => thread !== 0 && trips.length < this.batchesMax,
      );
      if (queue === undefined) return;
      const trip = this.waiting.shift()!;
      queue.trips.push(trip);
      queue.queue.submit(trip.slot);
      this.watch(queue);
    }
  }

  private watch(queue: ThreadQueue): void {
    if (queue.isWatched || queue.trips.length === 0) return;
    queue.isWatched = true;
    queue.queue.onceDone(queue.doneCount, () => {
      queue.isWatched = false;
      this.collect(queue);
      this.watch(queue);
    });
  }

  private collect(queue: ThreadQueue): void {
    const { doneCount } = queue.queue;
    while (queue.doneCount !== doneCount) {
      queue.doneCount = (queue.doneCount + 1) | 0;
      queue.trips.shift()!.resolve(undefined);
    }
    this.submitWaiting();
  }
}
