/**
 * Where everything lies in the store's SharedArrayBuffer. All offsets are in 32-bit words unless a name says bytes.
 *
 * ```
 * ┌────────┬────────────┬──────────────┬──────────────┬───────┬─────────────────┬──────────┐
 * │ header │ lock words │ thread slots │ user buckets │ users │ session buckets │ sessions │ ─▶
 * │  192   │ 16 a lock  │ 384 a slot   │ 1 a bucket   │ 40 ea │ 1 a bucket      │ 16 ea    │
 * └────────┴────────────┴──────────────┴──────────────┴───────┴─────────────────┴──────────┘
 *    ┌─────────────┬─────────────┬──────┬──────────────┬───────┬─────────┬────────────────┬──────┐
 * ─▶ │ key cursors │ key buckets │ keys │ room buckets │ rooms │ members │ message blocks │ ring │
 *    │ 1 a stripe  │ 1 a bucket  │ 9 ea │ 1 a bucket   │ 24 ea │ 12 ea   │ 32 a block     │      │
 *    └─────────────┴─────────────┴──────┴──────────────┴───────┴─────────┴────────────────┴──────┘
 * ```
 *
 * What the words of each part are: `header.ts`, `lock-numbers.ts`, `thread-slot.ts`, `record-words.ts`; of the ring,
 * `journal-ring.ts`.
 *
 * References between records are numbers from 1; 0 is "none", so that fresh (zeroed) memory is an empty store.
 */
import { randomFillSync } from 'node:crypto';
import { header } from './header';
import { keyStripes, lockNumber, lockWords, roomStripes, stripesPerTable } from './lock-numbers';
import {
  block,
  contactWords,
  keyRecord,
  memberRecord,
  roomRecord,
  sessionRecord,
  userRecord,
} from './record-words';
import { nameSecretWords } from './name-hash';
import { threadSlot } from './thread-slot';

const magic = 0x42454e47; // "BENG"
const layoutVersion = 4;

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

/** Idempotency keys of a store whose capacity does not say how many. */
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
  randomFillSync(words.subarray(header.nameSecret, header.nameSecret + nameSecretWords));
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
