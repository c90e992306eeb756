/**
 * Owner-stamped locks over shared words, made so that a dead owner can be found and its locks freed.
 *
 * A lock word is `0` when free, else `owner << 1 | contended`. States and moves:
 *
 * ```
 *         acquire: 0 → mine                    another waits: mine → mine|1, then sleeps on mine|1
 *   free ───────────────────▶ held ────────────────────────────────▶ held, contended
 *     ▲   release: → 0         │                                          │
 *     └────────────────────────┴──────── release: → 0, wakes one ◀────────┘
 * ```
 *
 * A thread that slept takes the lock as contended, because it cannot know whether others sleep still. The cost is one
 * needless wake-up when it was the last.
 */
import type { Layout } from './layout';
import { lockNumber, lockWords } from './lock-numbers';
import type { Memory } from './memory';
import { threadSlot } from './thread-slot';

/**
 * How often a thread looks again before it sleeps: some microseconds. A lock is held for a fraction of one, or a few for a
 * page of messages; falling asleep and being woken cost several on both sides. Past this the owner is probably not running,
 * and looking on would only keep it from doing so (ADR 0011).
 */
const spinsMax = 1_000;
/** How long a thread sleeps before it looks again, in case a notification was missed. */
const waitMs = 1_000;

export type LongWaitReporter = (report: { lock: number; ownerSlot: number; waitedMs: number }) => void;

/** The locks as one thread takes them. `slot` counts from 1 and is the thread's id in lock words. */
export class Locks {
  private readonly heldCountWord: number;
  private readonly heldWord: number;
  private heldCount = 0;

  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
    private readonly slot: number,
    slotWord: number,
    private readonly reportLongWait: LongWaitReporter,
  ) {
    this.heldCountWord = slotWord + threadSlot.heldCount;
    this.heldWord = slotWord + threadSlot.held;
  }

  /** Takes a lock. Locks are taken in ascending order of their numbers (see `lockNumber`); anything else is our bug. */
  acquire(lock: number): void {
    const { memory, heldCount } = this;
    if (heldCount > 0 && memory.read(this.heldWord + heldCount - 1) >= lock) this.failOutOfOrder(lock);
    // Written down before it is taken: recovery frees it if, and only if, the word names this thread.
    memory.write(this.heldWord + heldCount, lock);
    memory.write(this.heldCountWord, heldCount + 1);
    this.heldCount = heldCount + 1;
    const word = this.layout.locks + lock * lockWords;
    if (memory.compareExchange(word, 0, this.slot << 1) !== 0) this.acquireContended(lock, word);
  }

  /** Whether a lock is the one taken last. */
  isLast(lock: number): boolean {
    return this.heldCount > 0 && this.memory.read(this.heldWord + this.heldCount - 1) === lock;
  }

  /** Frees the lock taken last. */
  release(): void {
    const { memory } = this;
    const heldCount = this.heldCount - 1;
    const lock = memory.read(this.heldWord + heldCount);
    const word = this.layout.locks + lock * lockWords;
    const found = memory.exchange(word, 0);
    if (found >> 1 !== this.slot)
      throw new Error(`lock ${lock} was released by slot ${this.slot} but held by ${found >> 1}`);
    if ((found & 1) === 1) memory.notify(word, 1);
    memory.write(this.heldCountWord, heldCount);
    this.heldCount = heldCount;
  }

  /** Frees all locks held, the last taken first. */
  releaseAll(): void {
    while (this.heldCount > 0) this.release();
  }

  private acquireContended(lock: number, word: number): void {
    const { memory } = this;
    for (let spin = 0; spin < spinsMax; spin += 1) {
      if (memory.load(word) === 0 && memory.compareExchange(word, 0, this.slot << 1) === 0) return;
    }
    let waitedMs = 0;
    for (;;) {
      const found = memory.load(word);
      if (found === 0) {
        if (memory.compareExchange(word, 0, (this.slot << 1) | 1) === 0) return;
        continue;
      }
      const contended = found | 1;
      if (found !== contended && memory.compareExchange(word, found, contended) !== found) continue;
      if (memory.wait(word, contended, waitMs) === 'timed-out') {
        waitedMs += waitMs;
        this.reportLongWait({ lock, ownerSlot: found >> 1, waitedMs });
      }
    }
  }

  private failOutOfOrder(lock: number): never {
    throw new Error(`lock ${lock} was taken while holding a later one`);
  }
}

/** Frees the locks that a dead thread holds. Runs on the main thread; takes no lock itself. */
export function freeLocksOf(memory: Memory, layout: Layout, slot: number, slotWord: number): void {
  const heldCount = memory.load(slotWord + threadSlot.heldCount);
  for (let index = 0; index < heldCount; index += 1) {
    const lock = memory.read(slotWord + threadSlot.held + index);
    const word = layout.locks + lock * lockWords;
    // The thread may have died before it took the lock, or after it freed it.
    // Where it holds the lock, others can only add the contended bit, which waking all waiters makes good.
    if (memory.load(word) >> 1 === slot) memory.store(word, 0);
  }
  memory.store(slotWord + threadSlot.heldCount, 0);
}

/**
 * Wakes every thread that sleeps on any lock, so that each looks again. Needed after every death, even of a thread
 * that held nothing: it may have died between freeing a word and waking the next in line.
 */
export function wakeAllWaiters(memory: Memory, layout: Layout): void {
  for (let lock = 0; lock < lockNumber.count; lock += 1) {
    memory.notify(layout.locks + lock * lockWords, Number.POSITIVE_INFINITY);
  }
}
