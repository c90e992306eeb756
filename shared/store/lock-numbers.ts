/** The locks: how many stripes each table has, and the order in which they are taken. */

/** One lock word a cache line: two threads that take neighbouring locks do not disturb each other. */
export const lockWords = 16;
export const stripesPerTable = 1_024;
/** Stripes of the idempotency keys, a power of two. */
export const keyStripes = 64;
export const roomStripes = 256;

const allStripes = 2 * stripesPerTable + keyStripes + roomStripes;

/**
 * Lock numbers. A thread takes locks in ascending order only, so the order of this list is the order of the tiers.
 */
export const lockNumber = {
  /** Tier 1: stripes of the session table, `stripesPerTable` of them. */
  sessionStripe: 0,
  /** Tier 2: stripes of the idempotency keys, `keyStripes` of them. */
  keyStripe: stripesPerTable,
  /** Tier 3: stripes of the user table, `stripesPerTable` of them; an inbox is its user's. */
  userStripe: stripesPerTable + keyStripes,
  /** Tier 4: stripes of the table of rooms, `roomStripes` of them; a room's messages are the room's. */
  roomStripe: 2 * stripesPerTable + keyStripes,
  /** Tier 5: the list of active users. */
  activeList: allStripes,
  /** Tier 6: allocators; that of the rooms is also that of memberships. */
  userAllocator: allStripes + 1,
  sessionAllocator: allStripes + 2,
  roomAllocator: allStripes + 3,
  blockAllocator: allStripes + 4,
  /** Tier 7: the tail of the journal ring, and the sequence. */
  ring: allStripes + 5,
  count: allStripes + 6,
} as const;
