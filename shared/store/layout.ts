/**
 * Where everything lies in the store's SharedArrayBuffer. All offsets are in 32-bit words unless a name says bytes.
 *
 * ```
 * ┌────────┬────────────┬──────────────┬──────────────┬───────┬─────────────────┬──────────┐
 * │ header │ lock words │ thread slots │ user buckets │ users │ session buckets │ sessions │ ─▶
 * │  144   │ 16 a lock  │ 384 a slot   │ 1 a bucket   │ 40 ea │ 1 a bucket      │ 16 ea    │
 * └────────┴────────────┴──────────────┴──────────────┴───────┴─────────────────┴──────────┘
 *    ┌─────────────┬─────────────┬──────┬──────────────┬───────┬─────────┬────────────────┬──────┐
 * ─▶ │ key cursors │ key buckets │ keys │ room buckets │ rooms │ members │ message blocks │ ring │
 *    │ 1 a stripe  │ 1 a bucket  │ 9 ea │ 1 a bucket   │ 24 ea │ 12 ea   │ 32 a block     │      │
 *    └─────────────┴─────────────┴──────┴──────────────┴───────┴─────────┴────────────────┴──────┘
 * ```
 *
 * References between records are numbers from 1; 0 is "none", so that fresh (zeroed) memory is an empty store.
 */
import { randomFillSync } from 'node:crypto';
import { roomsOfUserMax } from '../protocol/limits';

const magic = 0x42454e47; // "BENG"
const layoutVersion = 3;

export const header = {
  magic: 0,
  layoutVersion: 1,
  threadsMax: 2,
  usersMax: 3,
  sessionsMax: 4,
  blocksMax: 5,
  inboxMessagesMax: 6,
  /** How many idempotency keys are remembered. */
  keysMax: 10,
  /** What their digests are taken under: 4 random words, of this store alone. */
  keySecret: 11,
  /** How many connections get live frames. Written by the main thread only. */
  subscriptionCount: 16,
  // Each group below has a cache line (16 words) of its own, because different locks guard them.
  activeHead: 32,
  activeTail: 33,
  activeCount: 34,
  userCount: 48,
  sessionBump: 64,
  sessionFree: 65,
  sessionCount: 66,
  blockBump: 80,
  magazineHead: 81,
  /** The journal ring's size in words, a power of two; 0 when there is no journal. */
  ringWords: 7,
  roomsMax: 8,
  membersMax: 9,
  /**
   * Positions in the journal, in words, as 32-bit counters that wrap: what is published, what is on disk, and what the
   * tables have taken over. They never lie 2^31 words apart.
   */
  ringTail: 96,
  /** The sequence given last, 53 bits in two words. Guarded by the ring's lock, also where there is no journal. */
  sequenceLow: 97,
  sequenceHigh: 98,
  ringDurable: 112,
  ringApplied: 113,
  /** What is on disk for certain: what `relaxed` durability calls durable may only have been handed to the system. */
  ringSynced: 118,
  /** One of `journalState`. */
  journalState: 114,
  /** 1 once the journal thread is to end. */
  journalStops: 115,
  /** 1 while the journal thread sleeps, or is about to, until more is published. */
  readerSleeps: 116,
  /** What it sleeps on: counts up whenever there may be something to do. */
  readerWakeUps: 117,
  /** Counts the beginnings and the ends of writing the tables: odd while one is under way. See `table-writes.ts`. */
  tableWrites: 119,
  /** 1 once no writing of the tables may begin any more. */
  tableWritesEnd: 120,
  /** Places of rooms and of memberships ever used, the first of the free ones, and how many are in use. */
  roomBump: 128,
  roomFree: 129,
  roomCount: 130,
  memberBump: 131,
  memberFree: 132,
  memberCount: 133,
  /** The newest room's number: each is given once. */
  lastRoomNumber: 134,
  words: 144,
} as const;

/** A thread's own part of the memory: what recovery needs to know of it. Nobody else writes here while it lives. */
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

/** `failing`: the disk takes nothing; changes are refused until it does again. */
export const journalState = { running: 0, failing: 1 } as const;

/** A user. Guarded by the lock of the user's stripe, apart from the fields that say otherwise. */
export const userRecord = {
  nextInBucket: 0,
  hash: 1,
  state: 2,
  nameBytes: 3,
  /** 8 words, zero-padded. Name, hash and display name never change once the record is linked. */
  name: 4,
  displayHead: 12,
  displayBytes: 13,
  passwordHead: 14,
  passwordBytes: 15,
  /** Counts changes of the password. */
  passwordEpoch: 16,
  /** A session is valid while it was issued in this epoch; raised to end all sessions at once. Read without a lock. */
  sessionEpoch: 17,
  /** The valid sessions, and how many they are. */
  sessionHead: 18,
  sessionCount: 19,
  /** Guarded by the active list's lock. */
  activePrevious: 20,
  activeNext: 21,
  inboxHead: 22,
  inboxTail: 23,
  inboxMessageCount: 24,
  inboxBlockCount: 25,
  /** The sequence of the newest message ever delivered to this inbox: 53 bits in two words. */
  lastSequenceLow: 26,
  lastSequenceHigh: 27,
  /** Sessions that a change of password has ended and that are not removed yet. */
  endedHead: 28,
  /** When a session of the user was last used. Written without a lock. */
  lastUsedSeconds: 29,
  /** All that the user had up to this sequence has been read; see `member-table.ts` for what guards it. */
  readThroughLow: 30,
  readThroughHigh: 31,
  /** The rooms that the user is in, in order of joining. */
  memberHead: 32,
  words: 40,
} as const;

/** Words of a user's contacts, a power of two. */
export const contactWords = 8;

export const userState = { live: 1, removed: 2 } as const;

/** A session. Changed under the lock of the session's stripe; `nextOfUser` and `previousOfUser` by that of its user's:
 * they link it in the list of the user's valid sessions, or of the ended ones. */
export const sessionRecord = {
  nextInBucket: 0,
  token: 1,
  user: 5,
  epoch: 6,
  createdAtSeconds: 7,
  lastUsedSeconds: 8,
  nextOfUser: 9,
  previousOfUser: 10,
  /**
   * Counts the changes of this record's identity: odd while one is under way. Only ever grows, and is no part of any
   * transaction, so that a reader without a lock can tell that what it read belongs together.
   */
  version: 11,
  words: 16,
} as const;

/** An idempotency key that is remembered. Guarded by the lock of its stripe. */
export const keyRecord = {
  nextInBucket: 0,
  digest: 1,
  /** Of the message: a user, or a room as its negative number; 0 while the record is unused. */
  receiver: 5,
  sequenceLow: 6,
  sequenceHigh: 7,
  atSeconds: 8,
  words: 9,
} as const;

/** A room. Guarded by the lock of the room's stripe. */
export const roomRecord = {
  /** Of the bucket's chain; of the free list while the record is free. */
  nextInBucket: 0,
  hash: 1,
  /** 0 while the record is free. */
  number: 2,
  nameBytes: 3,
  /** 8 words, zero-padded, without the `#`. Number and name never change while the room lives. */
  name: 4,
  /** A user. */
  owner: 12,
  /** In order of joining. */
  memberHead: 13,
  memberTail: 14,
  memberCount: 15,
  /** The chain of messages, as an inbox's. */
  chainHead: 16,
  chainTail: 17,
  messageCount: 18,
  blockCount: 19,
  /** The newest message ever sent to the room: its sequence and, while the chain holds any, its first block. */
  lastSequenceLow: 20,
  lastSequenceHigh: 21,
  newestMessage: 22,
  /** Messages until it is looked which ones all members have read. */
  sendsUntilLook: 23,
  words: 24,
} as const;

/** A membership: see `member-table.ts`. */
export const memberRecord = {
  /** Of the free list while the record is free. */
  nextOfRoom: 0,
  previousOfRoom: 1,
  nextOfUser: 2,
  previousOfUser: 3,
  /** 0 while the record is free. */
  user: 4,
  /** Its place. */
  room: 5,
  joinedLow: 6,
  joinedHigh: 7,
  /** The first block of a message that the member has passed, and its sequence: right while the chain still holds it. */
  readBlock: 8,
  readLow: 9,
  readHigh: 10,
  words: 12,
} as const;

/** A block of an inbox, of a room's messages or of a stored text. `next` is the only word common to all uses. */
export const block = {
  next: 0,
  /** The first block of a message: what is known of it, then text. */
  message: {
    textBytes: 1,
    sender: 2,
    sequenceLow: 3,
    sequenceHigh: 4,
    atLow: 5,
    atHigh: 6,
    text: 8,
  },
  /** Every further block of a message, and every block of a stored text. */
  continuation: { text: 1 },
  /** The first block of a free chain that waits in the common pool. */
  magazine: { next: 1, count: 2, tail: 3 },
  words: 32,
} as const;

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

export interface StoreCapacity {
  /** Threads that may be attached at once. */
  readonly threadsMax: number;
  readonly usersMax: number;
  readonly sessionsMax: number;
  readonly blocksMax: number;
  /** Unread messages of one user. */
  readonly inboxMessagesMax: number;
  /** Idempotency keys remembered at once, rounded up to whole stripes; a small number when it is left out. */
  readonly keysMax?: number;
  /** Size of the journal ring, a power of two; none for a store that keeps no journal. */
  readonly ringWords?: number;
  /** None for a store without rooms. */
  readonly roomsMax?: number;
  /** Memberships of all rooms together. */
  readonly membersMax?: number;
}

export interface Layout extends Required<StoreCapacity> {
  readonly ring: number;
  readonly locks: number;
  readonly threadSlots: number;
  readonly userBuckets: number;
  readonly userBucketCount: number;
  readonly users: number;
  /** A word for each user, by number: how many connections get the user's live frames. */
  readonly subscriptions: number;
  /** Words for each user: who has lately sent messages to it. */
  readonly contacts: number;
  readonly sessionBuckets: number;
  readonly sessionBucketCount: number;
  readonly sessions: number;
  readonly keyCursors: number;
  readonly keyBuckets: number;
  readonly keyBucketsPerStripe: number;
  readonly keys: number;
  readonly keysPerStripe: number;
  readonly roomBuckets: number;
  readonly roomBucketCount: number;
  readonly rooms: number;
  readonly members: number;
  readonly blocks: number;
  readonly totalWords: number;
}

/** Where nobody says how many idempotency keys there are to be. */
const fewKeys = 1_024;
/** A typed array of 32-bit words ends here. */
const totalWordsMax = 0x3fff_ffff;

export function computeLayout(capacity: StoreCapacity): Layout {
  let at: number = header.words;
  const region = (words: number): number => {
    const start = at;
    at += Math.ceil(words / lockWords) * lockWords;
    return start;
  };
  const ringWords = capacity.ringWords ?? 0;
  if ((ringWords & (ringWords - 1)) !== 0)
    throw new RangeError('the journal ring’s size is not a power of two');
  const userBucketCount = bucketCount(capacity.usersMax);
  const sessionBucketCount = bucketCount(capacity.sessionsMax);
  const keysPerStripe = Math.max(1, Math.ceil((capacity.keysMax ?? fewKeys) / keyStripes));
  const keyBucketsPerStripe = powerOfTwo(keysPerStripe);
  const { roomsMax = 0, membersMax = 0 } = capacity;
  const roomBucketCount = bucketCount(roomsMax, roomStripes);
  const layout = {
    threadsMax: capacity.threadsMax,
    usersMax: capacity.usersMax,
    sessionsMax: capacity.sessionsMax,
    blocksMax: capacity.blocksMax,
    inboxMessagesMax: capacity.inboxMessagesMax,
    keysMax: keysPerStripe * keyStripes,
    ringWords,
    roomsMax,
    membersMax,
    userBucketCount,
    sessionBucketCount,
    keysPerStripe,
    keyBucketsPerStripe,
    roomBucketCount,
    locks: region(lockNumber.count * lockWords),
    threadSlots: region(capacity.threadsMax * threadSlot.words),
    userBuckets: region(userBucketCount),
    users: region(capacity.usersMax * userRecord.words),
    subscriptions: region(capacity.usersMax + 1),
    contacts: region(capacity.usersMax * contactWords),
    sessionBuckets: region(sessionBucketCount),
    sessions: region(capacity.sessionsMax * sessionRecord.words),
    keyCursors: region(keyStripes),
    keyBuckets: region(keyStripes * keyBucketsPerStripe),
    keys: region(keyStripes * keysPerStripe * keyRecord.words),
    roomBuckets: region(roomBucketCount),
    rooms: region(roomsMax * roomRecord.words),
    members: region(membersMax * memberRecord.words),
    blocks: region(capacity.blocksMax * block.words),
    ring: region(ringWords),
  };
  if (at > totalWordsMax)
    throw new RangeError(`a store of ${at} words is more than one SharedArrayBuffer can hold`);
  return { ...layout, totalWords: at };
}

/** A power of two of at least the number of records, and at least one bucket a stripe. */
function bucketCount(recordsMax: number, stripes = stripesPerTable): number {
  return Math.max(stripes, powerOfTwo(recordsMax));
}

/** The smallest one that is not less than a number, nor than 1. */
function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, atLeast)));
}

/** Writes the header of a fresh (zeroed) store. */
export function writeHeader(words: Int32Array, layout: Layout): void {
  words[header.threadsMax] = layout.threadsMax;
  words[header.usersMax] = layout.usersMax;
  words[header.sessionsMax] = layout.sessionsMax;
  words[header.blocksMax] = layout.blocksMax;
  words[header.inboxMessagesMax] = layout.inboxMessagesMax;
  words[header.ringWords] = layout.ringWords;
  words[header.roomsMax] = layout.roomsMax;
  words[header.membersMax] = layout.membersMax;
  words[header.keysMax] = layout.keysMax;
  randomFillSync(words.subarray(header.keySecret, header.keySecret + 4));
  words[header.layoutVersion] = layoutVersion;
  words[header.magic] = magic;
}

/** Reads the layout of a store made by another thread. Throws when the memory is not a store of this version. */
export function readLayout(words: Int32Array): Layout {
  if (words[header.magic] !== magic) throw new Error('the shared memory is not a store');
  if (words[header.layoutVersion] !== layoutVersion) {
    throw new Error(`the store has layout version ${words[header.layoutVersion]}, not ${layoutVersion}`);
  }
  const layout = computeLayout({
    threadsMax: words[header.threadsMax]!,
    usersMax: words[header.usersMax]!,
    sessionsMax: words[header.sessionsMax]!,
    blocksMax: words[header.blocksMax]!,
    inboxMessagesMax: words[header.inboxMessagesMax]!,
    ringWords: words[header.ringWords]!,
    roomsMax: words[header.roomsMax]!,
    membersMax: words[header.membersMax]!,
    keysMax: words[header.keysMax]!,
  });
  if (layout.totalWords !== words.length) throw new Error('the store’s header does not fit its size');
  return layout;
}

assertRecordsFit();

/** The drawings above, checked when the module loads. */
function assertRecordsFit(): void {
  const ends: readonly (readonly [number, number])[] = [
    [threadSlot.held + threadSlot.heldMax, threadSlot.undoCount],
    [threadSlot.intendedTail + 1, threadSlot.undo],
    [threadSlot.undo + threadSlot.undoMax * 2, threadSlot.words],
    [userRecord.name + 8, userRecord.displayHead],
    [header.ringTail, header.sequenceLow],
    [header.sequenceHigh + 1, header.ringDurable],
    [header.keySecret + 4, header.subscriptionCount],
    [userRecord.memberHead + 1, userRecord.words],
    [sessionRecord.token + 4, sessionRecord.user],
    [keyRecord.digest + 4, keyRecord.receiver],
    [keyRecord.atSeconds + 1, keyRecord.words],
    [sessionRecord.version + 1, sessionRecord.words],
    [roomRecord.name + 8, roomRecord.owner],
    [roomRecord.sendsUntilLook + 1, roomRecord.words],
    [memberRecord.readHigh + 1, memberRecord.words],
    [1 + roomsOfUserMax + 2, threadSlot.heldMax],
    [block.message.atHigh + 1, block.message.text],
    [header.tableWritesEnd + 1, header.roomBump],
    [header.lastRoomNumber + 1, header.words],
  ];
  for (const [end, boundary] of ends) {
    if (end > boundary)
      throw new Error(`a record of the store ends at word ${end}, past its boundary ${boundary}`);
  }
}
