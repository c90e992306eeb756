/** Memory on which a thread dies after a chosen number of changes: the k-th change is not made, nor any after it. */
import { Memory } from '../../shared/store/memory';

/** Stands for the end of a thread. Nothing in the product catches it, as nothing runs after `terminate()`. */
export class ThreadDeath extends Error {
  constructor(stepCount: number) {
    super(`the thread died after ${stepCount} steps`);
  }
}

/** A thread would sleep that nobody will wake. */
export class LoneSleep extends Error {
  constructor(word: number, value: number) {
    super(`a lone thread would sleep on word ${word}, which holds ${value}`);
  }
}

/** Memory of a thread that is alone: where it would sleep, it would sleep for ever. */
export class LoneMemory extends Memory {
  override wait(word: number, value: number): 'ok' | 'not-equal' | 'timed-out' {
    throw new LoneSleep(word, value);
  }
}

/** Memory on which waking costs nothing, for where nobody sleeps. */
export class QuietMemory extends Memory {
  override notify(): number {
    return 0;
  }
}

export class CrashingMemory extends LoneMemory {
  /** Changes made, and wake-ups sent, so far. */
  stepCount = 0;

  constructor(
    buffer: SharedArrayBuffer,
    private readonly stepsMax: number = Infinity,
  ) {
    super(buffer);
  }

  override write(word: number, value: number): void {
    this.step();
    super.write(word, value);
  }

  override store(word: number, value: number): void {
    this.step();
    super.store(word, value);
  }

  override compareExchange(word: number, expected: number, replacement: number): number {
    this.step();
    return super.compareExchange(word, expected, replacement);
  }

  override exchange(word: number, value: number): number {
    this.step();
    return super.exchange(word, value);
  }

  override notify(word: number, count: number): number {
    this.step();
    return super.notify(word, count);
  }

  /** Three steps: a thread may die before a copy, with a third of it done, and with two. */
  override writeWords(word: number, source: Int32Array, sourceStart: number, count: number): void {
    let done = 0;
    for (const part of [1, 2, 3]) {
      const until = Math.ceil((count * part) / 3);
      this.step();
      super.writeWords(word + done, source, sourceStart + done, until - done);
      done = until;
    }
  }

  private step(): void {
    if (this.stepCount >= this.stepsMax) throw new ThreadDeath(this.stepCount);
    this.stepCount += 1;
  }
}
