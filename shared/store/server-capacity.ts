/**
 * The store that a server makes of its options. In one place, so that `check` judges the data by the very store that a
 * start would load it into.
 */
import { capacityFor } from './capacity';
import type { StoreCapacity } from './layout';

/** Slots for threads that attach while a dead one's slot is not recovered yet. */
export const spareThreadSlots = 8;
/** 16 MiB: seconds of messages, while the disk is busy. */
const ringWords = 4_194_304;

export interface StoreOptions {
  /** MiB. */
  readonly memory: number;
  readonly threads: number;
  readonly maxInbox: number;
  readonly ephemeral: boolean;
}

export function serverCapacity({ memory, threads, maxInbox, ephemeral }: StoreOptions): StoreCapacity {
  return capacityFor(memory, threads + spareThreadSlots, maxInbox, ephemeral ? 0 : ringWords);
}
