/** The words of the store's records: users, sessions, idempotency keys, rooms, memberships, and blocks. */
import { assertBoundaries } from './boundaries';

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
  /** Messages until the next look for those that all members have read. */
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
    /** Of a message of several blocks: its last one, so that passing a long message takes one step like any other. */
    lastBlock: 7,
    text: 8,
  },
  /** Every further block of a message, and every block of a stored text. */
  continuation: { text: 1 },
  /** The first block of a free chain that waits in the common pool. */
  magazine: { next: 1, count: 2, tail: 3 },
  words: 32,
} as const;

assertBoundaries([
  [userRecord.name + 8, userRecord.displayHead],
  [userRecord.memberHead + 1, userRecord.words],
  [sessionRecord.token + 4, sessionRecord.user],
  [sessionRecord.version + 1, sessionRecord.words],
  [keyRecord.digest + 4, keyRecord.receiver],
  [keyRecord.atSeconds + 1, keyRecord.words],
  [roomRecord.name + 8, roomRecord.owner],
  [roomRecord.sendsUntilLook + 1, roomRecord.words],
  [memberRecord.readHigh + 1, memberRecord.words],
  [block.message.lastBlock + 1, block.message.text],
]);
