/**
 * The store that a server makes of its options. In one place, so that `check` judges the data by the very store that a
 * start would load it into.
 */
import { capacityFor } from './capacity';
import { ringWordsNeeded } from './journal-ring';
import type { StoreCapacity } from './layout';

/** Slots for threads that attach while a dead one's slot is not recovered yet. */
export const spareThreadSlots = 8;
/** 4 MiB: tens of thousands of messages while the disk is busy, and what a data directory always has blocks for. */
const ringWordsMin = 1_048_576;

export interface StoreOptions {
  /** MiB. */
  readonly memory: number;
  readonly threads: number;
  readonly maxInbox: number;
  readonly ephemeral: boolean;
}

export function serverCapacity({ memory, threads, maxInbox, ephemeral }: StoreOptions): StoreCapacity {
  const threadsMax = threads + spareThreadSlots;
  let ringWords = ringWordsMin;
  while (ringWords < ringWordsNeeded(threadsMax)) ringWords *= 2;
  return capacityFor(memory, threadsMax, maxInbox, ephemeral ? 0 : ringWords);
}
