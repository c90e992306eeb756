/**
 * The keys of the tables. LMDB compares keys byte by byte, so every number is big-endian: byte order is number order.
 *
 * ```
 *   users              user u32
 *   names              username, folded, of live users only
 *   inboxes            page u32 (64 users each)
 *   sessions           token 16 bytes
 *   sessions-of-users  user u32 │ token 16 bytes
 *   unread             receiver u32 │ sequence of the chunk's last message u64
 *   rooms              room u32
 *   members            room u32 │ user u32
 *   rooms-of-users     user u32 │ room u32
 *   room-unread        room u32 │ sequence of the chunk's last message u64 │ messages in the chunk u32
 *   keys               sequence of the chunk's last message u64 │ keys in the chunk u32
 *   partitions         partition u32
 *   history            partition u32 │ lower user u32 │ higher user u32 │ sequence of the chunk's first message u64
 *   history-mixed      partition u32 │ bucket u32 │ sequence of the chunk's first message u64
 *   signatures         partition u32 │ first sequence of the group u64 │ page of the group u32
 *   meta               a word
 * ```
 *
 * A chunk of unread messages goes by its *last* message, so that what has been read is a range of keys: nothing needs
 * to be opened to know that all of it may go. For those of rooms, and for idempotency keys, the key also says how many
 * there are, for the same reason.
 *
 * What is said in a room is a conversation of user 0, who is nobody, and the room's number.
 */
import { mix } from './mix';

const twoTo32 = 2 ** 32;

export const userKeyBytes = 4;
export const tokenKeyBytes = 16;
export const sessionOfUserKeyBytes = 20;
export const unreadKeyBytes = 12;
export const memberKeyBytes = 8;
export const roomUnreadKeyBytes = 16;
export const postedKeysKeyBytes = 12;
export const historyKeyBytes = 20;
export const mixedKeyBytes = 16;
export const signatureKeyBytes = 16;

/** Users are numbers below this, so that a pair of them fits in one number. */
export const userEnd = 2 ** 26;

/** Buckets of a partition's mixed chunks. Part of the data format. */
export const bucketCount = 1_024;

/** Both users of a conversation as one number that sorts as they do; the order in which they are given is no matter. */
export function conversationOf(userA: number, userB: number): number {
  return userA < userB ? userA * userEnd + userB : userB * userEnd + userA;
}

/** The conversation of a user with another, or, where `party` is a room as its negative number, of that room. */
export function conversationWith(user: number, party: number): number {
  return party < 0 ? conversationOf(0, -party) : conversationOf(user, party);
}

export function lowerUser(conversation: number): number {
  return Math.floor(conversation / userEnd);
}

export function higherUser(conversation: number): number {
  return conversation % userEnd;
}

/** The bucket of a conversation; spread so that neighbouring users do not share one. */
export function bucketOf(conversation: number): number {
  return mix(Math.imul(mix(lowerUser(conversation)), 31) + higherUser(conversation)) & (bucketCount - 1);
}

export function userKey(user: number): Buffer {
  const key = Buffer.allocUnsafe(userKeyBytes);
  writeUint32(key, user, 0);
  return key;
}

export function nameKey(username: string): Buffer {
  return Buffer.from(username, 'latin1');
}

export function tokenKey(token: Int32Array): Buffer {
  const key = Buffer.allocUnsafe(tokenKeyBytes);
  for (let word = 0; word < 4; word += 1) writeUint32(key, token[word]!, word * 4);
  return key;
}

export function readTokenKey(key: Uint8Array): Int32Array {
  const token = new Int32Array(4);
  for (let word = 0; word < 4; word += 1) token[word] = readUint32(key, word * 4);
  return token;
}

/** `token` as in the key of `sessions`; without it, where the sessions of a user begin. */
export function sessionOfUserKey(user: number, token: Uint8Array = new Uint8Array(tokenKeyBytes)): Buffer {
  const key = Buffer.allocUnsafe(sessionOfUserKeyBytes);
  writeUint32(key, user, 0);
  key.set(token, userKeyBytes);
  return key;
}

export function unreadKey(receiver: number, lastSequence: number): Buffer {
  const key = Buffer.allocUnsafe(unreadKeyBytes);
  writeUint32(key, receiver, 0);
  writeUint53(key, lastSequence, 4);
  return key;
}

export function memberKey(room: number, user: number): Buffer {
  const key = Buffer.allocUnsafe(memberKeyBytes);
  writeUint32(key, room, 0);
  writeUint32(key, user, 4);
  return key;
}

export function roomOfUserKey(user: number, room: number): Buffer {
  return memberKey(user, room);
}

/** Without a count, where the chunks from a sequence on begin. */
export function roomUnreadKey(room: number, lastSequence: number, messageCount = 0): Buffer {
  const key = Buffer.allocUnsafe(roomUnreadKeyBytes);
  writeUint32(key, room, 0);
  writeUint53(key, lastSequence, 4);
  writeUint32(key, messageCount, 12);
  return key;
}

/** Of `keys`, the idempotency keys of posts. */
export function postedKeysKey(lastSequence: number, keyCount: number): Buffer {
  const key = Buffer.allocUnsafe(postedKeysKeyBytes);
  writeUint53(key, lastSequence, 0);
  writeUint32(key, keyCount, 8);
  return key;
}

export function historyKey(partition: number, conversation: number, firstSequence: number): Buffer {
  const key = Buffer.allocUnsafe(historyKeyBytes);
  writeUint32(key, partition, 0);
  writeUint32(key, lowerUser(conversation), 4);
  writeUint32(key, higherUser(conversation), 8);
  writeUint53(key, firstSequence, 12);
  return key;
}

/** The conversation in a key of `history`. */
export function conversationOfKey(key: Uint8Array): number {
  return readUint32(key, 4) * userEnd + readUint32(key, 8);
}

export function mixedKey(partition: number, bucket: number, firstSequence: number): Buffer {
  const key = Buffer.allocUnsafe(mixedKeyBytes);
  writeUint32(key, partition, 0);
  writeUint32(key, bucket, 4);
  writeUint53(key, firstSequence, 8);
  return key;
}

/** Without a page, where the pages of the group begin. */
export function signatureKey(partition: number, groupFirst: number, page = 0): Buffer {
  const key = Buffer.allocUnsafe(signatureKeyBytes);
  writeUint32(key, partition, 0);
  writeUint53(key, groupFirst, 4);
  writeUint32(key, page, 12);
  return key;
}

export function readUint32(key: Uint8Array, at: number): number {
  return ((key[at]! << 24) | (key[at + 1]! << 16) | (key[at + 2]! << 8) | key[at + 3]!) >>> 0;
}

export function readUint53(key: Uint8Array, at: number): number {
  return readUint32(key, at) * twoTo32 + readUint32(key, at + 4);
}

function writeUint32(key: Uint8Array, value: number, at: number): void {
  key[at] = value >>> 24;
  key[at + 1] = value >>> 16;
  key[at + 2] = value >>> 8;
  key[at + 3] = value;
}

function writeUint53(key: Uint8Array, value: number, at: number): void {
  writeUint32(key, Math.floor(value / twoTo32), at);
  writeUint32(key, value >>> 0, at + 4);
}
