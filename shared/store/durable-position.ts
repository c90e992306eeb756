/**
 * How far the journal is on disk, for the main thread: it may not block, so it waits asynchronously.
 */
import { header } from './header';
import { Memory } from './memory';

export class DurablePosition {
  private readonly memory: Memory;

  constructor(store: SharedArrayBuffer) {
    this.memory = new Memory(store);
  }

  /** Whether all before `position` (as the ring counts) is on disk. */
  hasReached(position: number): boolean {
    return ((this.memory.load(header.ringDurable) - position) | 0) >= 0;
  }

  /** Calls back once the position has moved on. */
  onceMoved(callback: () => void): void {
    this.memory.onceChanged(header.ringDurable, this.memory.load(header.ringDurable), callback);
  }
}
