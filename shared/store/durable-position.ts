/**
 * How far the journal is on disk, for the main thread: it may not block, so it waits asynchronously.
 */
import { header } from './layout';

export class DurablePosition {
  private readonly words: Int32Array;

  constructor(store: SharedArrayBuffer) {
    this.words = new Int32Array(store);
  }

  /** Whether all before `position` (as the ring counts) is on disk. */
  hasReached(position: number): boolean {
    return ((Atomics.load(this.words, header.ringDurable) - position) | 0) >= 0;
  }

  /** Calls back once the position has moved on. */
  onceMoved(callback: () => void): void {
    const wait = Atomics.waitAsync(
      this.words,
      header.ringDurable,
      Atomics.load(this.words, header.ringDurable),
    );
    if (wait.async) void wait.value.then(callback);
    else queueMicrotask(callback);
  }
}
