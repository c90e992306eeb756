/** Memory on which a thread now and then stops for a moment, between any two accesses, so that others overtake it. */
import { Memory } from '../../shared/store/memory';
import type { RandomNumbers } from './random-numbers';

/** How long a stop is; long enough for another thread to be given the core. */
const pauseMs = 0.02;

export class JitteryMemory extends Memory {
  private readonly pauseWord = new Int32Array(new SharedArrayBuffer(4));
  private untilPause = 0;

  constructor(
    buffer: SharedArrayBuffer,
    private readonly random: RandomNumbers,
    /** A stop in so many accesses, on average. */
    private readonly accessesPerPause: number,
  ) {
    super(buffer);
  }

  override read(word: number): number {
    this.jitter();
    return super.read(word);
  }

  override write(word: number, value: number): void {
    this.jitter();
    super.write(word, value);
  }

  override load(word: number): number {
    this.jitter();
    return super.load(word);
  }

  override store(word: number, value: number): void {
    this.jitter();
    super.store(word, value);
  }

  override compareExchange(word: number, expected: number, replacement: number): number {
    this.jitter();
    return super.compareExchange(word, expected, replacement);
  }

  override exchange(word: number, value: number): number {
    this.jitter();
    return super.exchange(word, value);
  }

  override notify(word: number, count: number): number {
    this.jitter();
    return super.notify(word, count);
  }

  private jitter(): void {
    this.untilPause -= 1;
    if (this.untilPause > 0) return;
    this.untilPause = this.random.below(2 * this.accessesPerPause) + 1;
    Atomics.wait(this.pauseWord, 0, 0, pauseMs);
  }
}
