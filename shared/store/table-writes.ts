/**
 * Keeps threads from being ended while they write the tables. A thread that is ended inside a write transaction of LMDB
 * waits for itself when it cleans up: it never exits, and a process that waits for its threads at its own end hangs too.
 */
import { header } from './header';
import type { Memory } from './memory';

const foreverMs = 2 ** 31;

export class TableWrites {
  constructor(private readonly memory: Memory) {}

  /** Carries out one write, on the thread that has the tables. Once writes are forbidden it never returns. */
  during<Result>(write: () => Result): Result {
    this.count();
    if (this.memory.load(header.tableWritesEnd) === 1) {
      this.count();
      for (;;) this.memory.wait(header.tableWritesEnd, 1, foreverMs);
    }
    try {
      return write();
    } finally {
      this.count();
    }
  }

  /** The number of the write under way, each its own; undefined when there is none. */
  get underWay(): number | undefined {
    const count = this.memory.load(header.tableWrites);
    return (count & 1) === 0 ? undefined : count;
  }

  /** The thread that had the tables has exited: whatever it was doing, it is not inside LMDB. */
  forget(): void {
    if (this.underWay !== undefined) this.count();
  }

  /** Forbids all further writes and blocks until the one under way is done; false when that takes longer than this. */
  forbid(timeoutMs: number): boolean {
    const { memory } = this;
    memory.store(header.tableWritesEnd, 1);
    const { underWay } = this;
    return underWay === undefined || memory.wait(header.tableWrites, underWay, timeoutMs) !== 'timed-out';
  }

  private count(): void {
    const { memory } = this;
    memory.store(header.tableWrites, (memory.load(header.tableWrites) + 1) | 0);
    memory.notify(header.tableWrites, Number.POSITIVE_INFINITY);
  }
}
