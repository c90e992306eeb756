/**
 * The way of batches to a thread and back: a queue in shared memory. The thread sleeps on it for its next batch, and the
 * main thread hears of each that is done, both without a message: a trip is two wake-ups, and nothing is serialized
 * (ADR 0013).
 *
 * ```
 *   area:   │ queue │ queue │ …            a queue has cache lines of its own
 *   queue:  │ thread │ signals │ submitted │ done │ isCalledAway │ slot of batch 0 │ 1 │ … │ 7 │ slot of batch 8 → 0
 * ```
 *
 * A queue is one thread's at a time, and batches are taken in the order in which they were submitted. The main thread
 * writes `thread`, `submitted` and the slots, the thread writes `done`; while no thread serves the queue, `done` is the
 * main thread's too. Storing a count publishes what was written before it: the batch, and what became of it.
 */
import type { Memory } from '../store/memory';

/** Batches in a queue at most. */
export const queuedBatchesMax = 8;

const queueWords = 32;
const field = { thread: 0, signals: 1, submitted: 2, done: 3, isCalledAway: 4, slots: 5 } as const;

if (field.slots + queuedBatchesMax > queueWords) throw new Error('a queue is larger than its words');

export function createQueueArea(queues: number): SharedArrayBuffer {
  return new SharedArrayBuffer(queues * queueWords * 4);
}

/** All queues of an area. */
export function openBatchQueues(memory: Memory): readonly BatchQueue[] {
  return Array.from(
    { length: memory.words.length / queueWords },
    (_, index) => new BatchQueue(memory, index),
  );
}

/** One queue, as both sides see it. */
export class BatchQueue {
  private readonly start: number;

  constructor(
    private readonly memory: Memory,
    index: number,
  ) {
    this.start = index * queueWords;
  }

  /** Whose queue it is; 0 for nobody's. Set while no thread serves it. */
  get thread(): number {
    return this.memory.load(this.start + field.thread);
  }

  set thread(threadId: number) {
    this.memory.store(this.start + field.thread, threadId);
  }

  /** How many batches were done, ever; wraps around. */
  get doneCount(): number {
    return this.memory.load(this.start + field.done);
  }

  /** The main thread: adds a batch. There must be room. */
  submit(slot: number): void {
    const submitted = this.memory.load(this.start + field.submitted);
    if (((submitted - this.doneCount) | 0) >= queuedBatchesMax) throw new Error('a queue of batches is full');
    this.memory.write(this.slotWord(submitted), slot);
    this.memory.store(this.start + field.submitted, (submitted + 1) | 0);
    this.signal();
  }

  /** The main thread: has the thread leave the queue after the batch that it runs, for other work. */
  callAway(): void {
    this.memory.store(this.start + field.isCalledAway, 1);
    this.signal();
  }

  /** The main thread: drops all batches that are not done. No thread serves the queue. */
  drop(): void {
    this.memory.store(this.start + field.submitted, this.doneCount);
  }

  /** The main thread: calls back once more than `doneCount` batches are done. */
  onceDone(doneCount: number, callback: () => void): void {
    this.memory.onceChanged(this.start + field.done, doneCount, callback);
  }

  /** The thread: the slot of the next batch, if there is one. */
  peek(): number | undefined {
    const { memory, start } = this;
    const done = this.doneCount;
    if (memory.load(start + field.submitted) === done) return undefined;
    return memory.read(this.slotWord(done));
  }

  /** The thread: sleeps until there is a batch. @returns its slot; undefined when the thread is called away. */
  next(): number | undefined {
    const { memory, start } = this;
    for (;;) {
      // Before the looks: what is submitted after them makes the sleep return at once.
      const signals = memory.load(start + field.signals);
      if (memory.exchange(start + field.isCalledAway, 0) === 1) return undefined;
      const slot = this.peek();
      if (slot !== undefined) return slot;
      memory.wait(start + field.signals, signals, Infinity);
    }
  }

  /** Who has the queue: the batch taken last is done. */
  markDone(): void {
    const word = this.start + field.done;
    this.memory.store(word, (this.memory.load(word) + 1) | 0);
    this.memory.notify(word, 1);
  }

  private signal(): void {
    const word = this.start + field.signals;
    this.memory.store(word, (this.memory.load(word) + 1) | 0);
    this.memory.notify(word, 1);
  }

  private slotWord(batch: number): number {
    return this.start + field.slots + (batch & (queuedBatchesMax - 1));
  }
}
