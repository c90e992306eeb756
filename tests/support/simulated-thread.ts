/**
 * Threads that a test runs step by step: the product's own code over a memory that stops it at each access.
 *
 * The code is synchronous and knows nothing of that. So a step is made by running it again from the start, answering
 * the accesses it has made before as they were answered then, and stopping it at the next one. What a thread is about
 * to do hence depends on those answers alone: they are its state, kept as a path in a tree.
 */
import { Memory } from '../../shared/store/memory';

/** What a thread wants of the memory next. `place` says which word, in the numbering of `SimulatedMemory`. */
export type Access = { readonly place: number } & (
  | { readonly kind: 'read' }
  | { readonly kind: 'write' | 'exchange' | 'wait'; readonly value: number }
  | { readonly kind: 'compareExchange'; readonly expected: number; readonly value: number }
  | { readonly kind: 'notify'; readonly count: number }
);

/** Answers of `wait`. Time does not pass: nothing is ever 'timed-out'. */
export const waitAnswer = { ok: 0, notEqual: 1 } as const;

/** What a thread runs. It reports what it holds alone by `enter` and `leave` of the memory. */
export type Program = (memory: SimulatedMemory) => void;

/** Ends a run at the access that has no answer yet. Nothing in the product catches it. */
class Stop extends Error {}

/** A thread between two accesses. */
export class ThreadState {
  static #count = 0;

  readonly id = (ThreadState.#count += 1);
  /** Undefined when the thread is through. */
  readonly next: Access | undefined;
  /** What it threw instead of going on. */
  readonly failure: string | undefined;
  /** The lock that it believes to hold, while it works on what the lock protects. */
  readonly isInside: boolean;
  readonly #after = new Map<number, ThreadState>();

  constructor(
    private readonly program: Program,
    private readonly places: ReadonlyMap<number, number>,
    /** The slot that it uses, from 0: its own, or the one that it recovers and takes over. */
    readonly slot: number,
    private readonly answers: readonly number[] = [],
  ) {
    const memory = new SimulatedMemory(answers, places);
    try {
      program(memory);
    } catch (error) {
      if (!(error instanceof Stop)) this.failure = String(error);
    }
    this.next = memory.next;
    this.isInside = memory.isInside;
  }

  /** The thread once its next access has been answered. */
  after(answer: number): ThreadState {
    let state = this.#after.get(answer);
    if (state === undefined) {
      state = new ThreadState(this.program, this.places, this.slot, [...this.answers, answer]);
      this.#after.set(answer, state);
    }
    return state;
  }
}

/**
 * The memory of one run. It has only the words that the test names, each with a place from 1. To wake those who sleep
 * on another word is no step, as nobody does; any other use of one is the test's mistake.
 *
 * A thread that looks at one word again and again, doing nothing else, is a spinning one. Its looks that find nothing new
 * change nothing, so two are steps, and the others are answered like the second: what a later look could have found, an
 * earlier one can find as well.
 */
export class SimulatedMemory extends Memory {
  next: Access | undefined;
  isInside = false;
  private answered = 0;
  /** How many accesses in a row were looks at `lookedAt` that found `looksFound`. */
  private looks = 0;
  private lookedAt = 0;
  private looksFound = 0;

  constructor(
    private readonly answers: readonly number[],
    private readonly places: ReadonlyMap<number, number>,
  ) {
    super(noBuffer);
  }

  enter(): void {
    this.isInside = true;
  }

  leave(): void {
    this.isInside = false;
  }

  override read(word: number): number {
    const place = this.place(word);
    if (place === this.lookedAt && this.looks === looksMax) return this.looksFound;
    const found = this.answer({ kind: 'read', place });
    this.looks = place === this.lookedAt && found === this.looksFound ? this.looks + 1 : 1;
    this.lookedAt = place;
    this.looksFound = found;
    return found;
  }

  override load(word: number): number {
    return this.read(word);
  }

  override write(word: number, value: number): void {
    this.answer({ kind: 'write', place: this.place(word), value });
  }

  override store(word: number, value: number): void {
    this.answer({ kind: 'write', place: this.place(word), value });
  }

  override compareExchange(word: number, expected: number, value: number): number {
    return this.answer({ kind: 'compareExchange', place: this.place(word), expected, value });
  }

  override exchange(word: number, value: number): number {
    return this.answer({ kind: 'exchange', place: this.place(word), value });
  }

  override wait(word: number, value: number): 'ok' | 'not-equal' {
    const answer = this.answer({ kind: 'wait', place: this.place(word), value });
    return answer === waitAnswer.ok ? 'ok' : 'not-equal';
  }

  override notify(word: number, count: number): number {
    const place = this.places.get(word);
    return place === undefined ? 0 : this.answer({ kind: 'notify', place, count });
  }

  override writeWords(): never {
    throw new Error('a simulated thread copies no words');
  }

  private place(word: number): number {
    const place = this.places.get(word);
    if (place === undefined) throw new Error(`the test has no word ${word}`);
    return place;
  }

  private answer(access: Access): number {
    if (this.answered === this.answers.length) {
      this.next = access;
      throw new Stop();
    }
    this.answered += 1;
    if (access.kind !== 'read') this.lookedAt = 0;
    return this.answers[this.answered - 1]!;
  }
}

/** Looks in a row that are steps. */
const looksMax = 2;
const noBuffer = new SharedArrayBuffer(4);
