/** Forgetting messages that nobody in a room has to read any more, which history keeps, and rooms that nobody can ask for. */
import { damaged } from './data-error';
import { InboxPages } from './inbox-pages';
import { readUint32, readUint53, roomUnreadKeyBytes, userKeyBytes } from './keys';
import { oldestPartition } from './partitions';
import { membersOf } from './rooms';
import { readRoomRow } from './rows';
import type { TableSet } from './table-set';

/** The chunks of one room, oldest first. */
interface RoomChunks {
  readonly room: number;
  readonly chunks: readonly RoomChunk[];
}

interface RoomChunk {
  readonly key: Buffer;
  readonly lastSequence: number;
  readonly messageCount: number;
}

/**
 * Removes chunks of messages that all members of their room have read, and those before the newest `messagesMax` of
 * their room. Opens no chunk. Returns how many chunks went.
 * @throws `DATA_DAMAGED`, `DATA_WRITE_FAILED`
 */
export function trimRooms(tables: TableSet, messagesMax: number): number {
  const pages = new InboxPages(tables);
  const freed: Buffer[] = [];
  for (const { room, chunks } of roomChunks(tables)) {
    const isRead = readByAll(tables, pages, room, chunks[0]!.lastSequence);
    let messagesFrom = chunks.reduce((sum, { messageCount }) => sum + messageCount, 0);
    for (const { key, lastSequence, messageCount } of chunks) {
      messagesFrom -= messageCount;
      if (lastSequence > isRead && messagesFrom < messagesMax) break;
      freed.push(key);
    }
  }
  if (freed.length === 0) return 0;
  return tables.environment.write(() => {
    for (const key of freed) tables.roomUnread.remove(key);
    return freed.length;
  });
}

/**
 * The sequence up to which all members of a room have read: at least a lower bound of it where it is below `atLeast`,
 * which is then too low to matter.
 */
export function readByAll(tables: TableSet, pages: InboxPages, room: number, atLeast = 0): number {
  let read = Infinity;
  for (const { user, joinedSequence } of membersOf(tables, room)) {
    read = Math.min(read, Math.max(joinedSequence, pages.readThrough(user)));
    if (read < atLeast) break;
  }
  return read;
}

function* roomChunks({ roomUnread }: TableSet): Generator<RoomChunks> {
  let room = 0;
  let chunks: RoomChunk[] = [];
  for (const key of roomUnread.keys()) {
    if (readUint32(key, 0) !== room) {
      if (chunks.length > 0) yield { room, chunks };
      room = readUint32(key, 0);
      chunks = [];
    }
    const messageCount = readUint32(key, roomUnreadKeyBytes - 4);
    chunks.push({ key, lastSequence: readUint53(key, userKeyBytes), messageCount });
  }
  if (chunks.length > 0) yield { room, chunks };
}

/**
 * Forgets rooms that have come to their end before anything that history still has, at most `roomsMax` a call. Returns
 * how many went.
 * @throws `DATA_DAMAGED`, `DATA_WRITE_FAILED`
 */
export function forgetRooms(tables: TableSet, roomsMax: number): number {
  const historyFrom = oldestPartition(tables)?.row.firstSequence ?? Infinity;
  const forgotten: Buffer[] = [];
  for (const { key, value } of tables.rooms.entries()) {
    const row = readRoomRow(value);
    if (row === undefined) throw damaged(`the row of room ${readUint32(key, 0)} is damaged`);
    const isOver = row.endedSequence > 0 && row.endedSequence < historyFrom;
    if (isOver && forgotten.push(key) >= roomsMax) break;
  }
  if (forgotten.length === 0) return 0;
  return tables.environment.write(() => {
    for (const key of forgotten) tables.rooms.remove(key);
    return forgotten.length;
  });
}
