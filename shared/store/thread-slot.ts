/** The words of a thread's own part of the store. */
import { roomsOfUserMax } from '../protocol/limits';
import { assertBoundaries } from './boundaries';

/** What recovery needs to know of a thread. Nobody else writes here while it lives. */
export const threadSlot = {
  claimed: 0,
  heldCount: 1,
  /** Lock numbers, written down before each lock is taken. */
  held: 2,
  /** A user, the rooms that it is in, the allocators and the ring, with some to spare. */
  heldMax: 40,
  undoCount: 42,
  /** This thread's stock of free blocks: a chain and its length. */
  stockHead: 43,
  stockCount: 44,
  /** While a record is being published: 1, and the tail that publishing it will leave. */
  isPublishing: 45,
  intendedTail: 46,
  /** Pairs (word, old value). Three a room are needed where all the rooms of a user are read. */
  undo: 64,
  undoMax: 160,
  words: 384,
} as const;

assertBoundaries([
  [1 + roomsOfUserMax + 2, threadSlot.heldMax],
  [threadSlot.held + threadSlot.heldMax, threadSlot.undoCount],
  [threadSlot.intendedTail + 1, threadSlot.undo],
  [threadSlot.undo + threadSlot.undoMax * 2, threadSlot.words],
]);
