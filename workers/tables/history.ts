/**
 * Reading history page by page, and forgetting it.
 */
import { type HistoryMessage, readHistoryChunk } from './chunk';
import { damaged } from './data-error';
import {
  bucketOf,
  conversationOf,
  conversationOfMessage,
  historyKey,
  mixedKey,
  readUint53,
  userKey,
} from './keys';
import { partitionRange, partitionsNewestFirst } from './partitions';
import type { Table } from './environment';
import type { TableSet } from './table-set';

/**
 * The newest `limit` messages between two users before a position, oldest first. Fewer only when there are no more.
 * Partitions are looked at from the newest on, two seeks each, until the page is full.
 * @throws `DATA_DAMAGED`
 */
export function readHistoryPage(
  tables: TableSet,
  user: number,
  peer: number,
  limit: number,
  beforePosition: number,
): HistoryMessage[] {
  const conversation = conversationOf(user, peer);
  const bucket = bucketOf(conversation);
  const page: HistoryMessage[] = [];
  for (const { partition, row } of partitionsNewestFirst(tables)) {
    if (page.length >= limit) break;
    if (row.firstPosition >= beforePosition) continue;
    const wanted = limit - page.length;
    const ownKey = (position: number): Buffer => historyKey(partition, conversation, position);
    const mixedKeyOf = (position: number): Buffer => mixedKey(partition, bucket, position);
    const found = [
      ...newestBefore(tables.history, ownKey, conversation, wanted, beforePosition),
      ...newestBefore(tables.historyMixed, mixedKeyOf, conversation, wanted, beforePosition),
    ];
    found.sort((a, b) => b.position - a.position);
    page.push(...found.slice(0, wanted));
  }
  return page.reverse();
}

/** At most so many messages of a conversation, from one table and partition; chunks never overlap. */
function newestBefore(
  table: Table,
  keyOf: (firstPosition: number) => Buffer,
  conversation: number,
  limit: number,
  beforePosition: number,
): HistoryMessage[] {
  const found: HistoryMessage[] = [];
  const start = keyOf(Math.min(beforePosition, Number.MAX_SAFE_INTEGER));
  const end = keyOf(0);
  // Backwards, `start` would be included and `end` not: the chunk at position 0 is the last that may be there.
  for (const { key, value } of table.entries({ start, reverse: true })) {
    if (found.length >= limit || Buffer.compare(key, end) < 0) break;
    const messages = readHistoryChunk(readUint53(key, key.length - 8), value);
    if (messages === undefined) throw damaged(`a chunk of ${table.name} is damaged`);
    for (const message of messages.reverse()) {
      const isWanted = conversationOfMessage(message.sender, message.receiver) === conversation;
      if (isWanted && message.position < beforePosition && found.length < limit) found.push(message);
    }
  }
  return found;
}

/**
 * Forgets partitions all of whose messages are older than `beforeMs`, at most `chunksMax` chunks of them a call, in
 * one transaction. Returns how many chunks went; call again until that is 0.
 * @throws `DATA_WRITE_FAILED`
 */
export function expireHistory(tables: TableSet, beforeMs: number, chunksMax: number): number {
  const expired: number[] = [];
  for (const { partition, row } of partitionsNewestFirst(tables))
    if (row.newestAtMs < beforeMs) expired.push(partition);
  if (expired.length === 0) return 0;
  return tables.environment.write(() => {
    let removed = 0;
    for (const partition of expired.reverse()) {
      for (const table of [tables.history, tables.historyMixed]) {
        const range = { ...partitionRange(partition), limit: chunksMax - removed };
        const keys = range.limit > 0 ? Array.from(table.keys(range)) : [];
        for (const key of keys) table.remove(key);
        removed += keys.length;
      }
      if (removed >= chunksMax) break;
      tables.partitions.remove(userKey(partition));
    }
    return removed;
  });
}
