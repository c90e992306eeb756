/**
 * Changes of control words that happen whole or not at all, even when the thread dies between any two of them:
 * `terminate()`, a heap limit or a crash stops a thread anywhere, and no `finally` runs.
 *
 * The old value goes to the thread's undo log before the new one is written. The commit point is the publishing of the
 * change's record in the journal ring; without a journal it is the clearing of the log.
 * Recovery (`recovery.ts`) rolls back what it finds logged, before it frees the thread's locks, so nobody ever sees
 * half of a change.
 *
 * Plain writes are enough for the log: recovery reads it only after the thread's 'exit', and a thread sees its own
 * writes in order.
 */
import type { Memory } from './memory';
import { threadSlot } from './thread-slot';

export class Transaction {
  private readonly countWord: number;
  private readonly undoWord: number;
  private count = 0;

  constructor(
    private readonly memory: Memory,
    slotWord: number,
  ) {
    this.countWord = slotWord + threadSlot.undoCount;
    this.undoWord = slotWord + threadSlot.undo;
  }

  /** Changes a control word that a held lock protects. */
  set(word: number, value: number): void {
    const { memory, count } = this;
    if (count === threadSlot.undoMax)
      throw new Error('a transaction changes more words than its undo log holds');
    const entry = this.undoWord + count * 2;
    memory.write(entry, word);
    memory.write(entry + 1, memory.read(word));
    memory.write(this.countWord, count + 1);
    this.count = count + 1;
    memory.write(word, value);
  }

  /** Adds to a control word. */
  add(word: number, difference: number): void {
    this.set(word, this.memory.read(word) + difference);
  }

  /** Makes the changes final. Called while their locks are still held. */
  commit(): void {
    this.memory.write(this.countWord, 0);
    this.count = 0;
  }

  /** Takes the changes back, while their locks are still held. */
  rollback(): void {
    rollBack(this.memory, this.countWord, this.undoWord);
    this.count = 0;
  }
}

/** Takes back what a dead thread had changed and not committed. */
export function rollBackSlot(memory: Memory, slotWord: number): void {
  rollBack(memory, slotWord + threadSlot.undoCount, slotWord + threadSlot.undo);
}

/** Lets the changes of a dead thread stand: their record was published. */
export function keepSlot(memory: Memory, slotWord: number): void {
  memory.write(slotWord + threadSlot.undoCount, 0);
}

/** In reverse, because a word may be logged twice. May itself be repeated from the start: it only restores. */
function rollBack(memory: Memory, countWord: number, undoWord: number): void {
  for (let index = memory.read(countWord) - 1; index >= 0; index -= 1) {
    const entry = undoWord + index * 2;
    memory.write(memory.read(entry), memory.read(entry + 1));
  }
  memory.write(countWord, 0);
}
