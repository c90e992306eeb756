/** The words at the very beginning of the store: what it is, and what is common to all of it. */
import { assertBoundaries } from './boundaries';
import { nameSecretWords } from './name-hash';

/** In order of their places. Each group has a cache line (16 words) or several of its own, as different locks guard them. */
export const header = {
  magic: 0,
  layoutVersion: 1,
  threadsMax: 2,
  usersMax: 3,
  sessionsMax: 4,
  blocksMax: 5,
  inboxMessagesMax: 6,
  /** The journal ring's size in words, a power of two; 0 when there is no journal. */
  ringWords: 7,
  roomsMax: 8,
  membersMax: 9,
  /** How many idempotency keys are remembered. */
  keysMax: 10,
  /** What their digests are taken under: 4 random words, of this store alone. */
  keySecret: 11,

  /** How many connections get live frames. Written by the main thread only. */
  subscriptionCount: 16,

  activeHead: 32,
  activeTail: 33,
  activeCount: 34,

  userCount: 48,

  sessionBump: 64,
  sessionFree: 65,
  sessionCount: 66,

  blockBump: 80,
  magazineHead: 81,

  /**
   * Positions in the journal, in words, as 32-bit counters that wrap: what is published (this one), and what is on disk.
   * They never lie 2^31 words apart. What the tables have taken over may be further back, and is counted in full.
   */
  ringTail: 96,
  /** The sequence given last, 53 bits in two words. Guarded by the ring's lock, also where there is no journal. */
  sequenceLow: 97,
  sequenceHigh: 98,

  ringDurable: 112,
  ringApplied: 113,
  /** One of `journalState`. */
  journalState: 114,
  /** 1 once the journal thread is to end. */
  journalStops: 115,
  /** 1 while the journal thread sleeps, or is about to, until more is published. */
  readerSleeps: 116,
  /** What it sleeps on: counts up whenever there may be something to do. */
  readerWakeUps: 117,
  /** What is on disk for certain: what `relaxed` durability calls durable may only have been handed to the system. */
  ringSynced: 118,
  /** Counts the beginnings and the ends of writing the tables: odd while one is under way. See `table-writes.ts`. */
  tableWrites: 119,
  /** 1 once no writing of the tables may begin any more. */
  tableWritesEnd: 120,
  /** With them `ringSynced` and `ringApplied` are counted in full. See `full-position.ts`. */
  ringSyncedSpan: 121,
  ringAppliedSpan: 122,
  /** The disk has blocks for as many words from here on as the ring holds. Never above `ringDurable`. */
  ringReserved: 123,

  /** Places of rooms and of memberships ever used, the first of the free ones, and how many are in use. */
  roomBump: 128,
  roomFree: 129,
  roomCount: 130,
  memberBump: 131,
  memberFree: 132,
  memberCount: 133,
  /** The newest room's number: each is given once. */
  lastRoomNumber: 134,

  /** What names are hashed under: `nameSecretWords` random words, of this store alone. */
  nameSecret: 144,

  words: 192,
} as const;

/** `failing`: the disk takes nothing; changes are refused until it does again. */
export const journalState = { running: 0, failing: 1 } as const;

assertBoundaries([
  [header.keySecret + 4, header.subscriptionCount],
  [header.ringTail, header.sequenceLow],
  [header.sequenceHigh + 1, header.ringDurable],
  [header.ringReserved + 1, header.roomBump],
  [header.lastRoomNumber + 1, header.nameSecret],
  [header.nameSecret + nameSecretWords, header.words],
]);
