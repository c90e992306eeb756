/**
 * What a store of a given size has room for.
 */
import { header } from './header';
import type { StoreCapacity } from './layout';
import { keyStripes, lockNumber, lockWords } from './lock-numbers';
import {
  block,
  contactWords,
  keyRecord,
  memberRecord,
  roomRecord,
  sessionRecord,
  userRecord,
} from './record-words';
import { threadSlot } from './thread-slot';

/**
 * How many bytes of a store go to what, for a total in MiB: a tenth each to users, sessions and idempotency keys, a
 * thirty-second to rooms and, three quarters of that, memberships, the rest to messages.
 */
export function capacityFor(
  memoryMiB: number,
  threadsMax: number,
  inboxMessagesMax: number,
  ringWords = 0,
): StoreCapacity {
  const fixedWords = header.words + lockNumber.count * lockWords + threadsMax * threadSlot.words + ringWords;
  const fixedBytes = 4 * fixedWords;
  const bytes = memoryMiB * 1_048_576 - fixedBytes;
  // A record costs its own words, up to two words of buckets, and what is kept beside it.
  const usersMax = Math.floor((bytes * 0.1) / (4 * (userRecord.words + 2 + contactWords + 1)));
  const sessionsMax = Math.floor((bytes * 0.1) / (4 * (sessionRecord.words + 2)));
  const keysMax = keyStripes * Math.floor((bytes * 0.1) / (4 * (keyRecord.words + 2) * keyStripes));
  const roomsMax = Math.floor(bytes / 128 / (4 * (roomRecord.words + 2)));
  const membersMax = Math.floor((bytes * 3) / 128 / (4 * memberRecord.words));
  const blocksMax = Math.floor((bytes * (0.7 - 1 / 32)) / (4 * block.words)) - 16;
  const records = { usersMax, sessionsMax, keysMax, roomsMax, membersMax, blocksMax };
  return { threadsMax, ...records, inboxMessagesMax, ringWords };
}
