/**
 * Reading history page by page, and forgetting it.
 */
import { damaged } from './data-error';
import { type HistoryMessage, HistoryChunkReader } from './history-chunk';
import { bucketOf, conversationWith, historyKey, mixedKey, readUint53, userKey } from './keys';
import { partitionRange, partitionsNewestFirst } from './partitions';
import type { Table } from './environment';
import type { TableSet } from './table-set';

export interface PageQuery {
  /** As `conversationOf` says it. */
  readonly conversation: number;
  readonly limit: number;
  /** Only what came before this sequence. */
  readonly before: number;
  /** Asked after each chunk: whether to end with what was found so far. */
  readonly isOver?: () => boolean;
}

export interface HistoryPage {
  /** Oldest first. */
  readonly messages: readonly HistoryMessage[];
  /** Whether there is, or may be, something older. */
  readonly more: boolean;
}

/**
 * The newest messages of a conversation before a sequence. Partitions are looked at from the newest on, two seeks
 * each, until the page is full.
 * @throws `DATA_DAMAGED`
 */
export function readHistoryPage(tables: TableSet, query: PageQuery): HistoryPage {
  const { conversation, limit, before } = query;
  const bucket = bucketOf(conversation);
  // One more than wanted tells whether there is more.
  const wanted = limit + 1;
  const page: HistoryMessage[] = [];
  let isCut = false;
  for (const { partition, row } of partitionsNewestFirst(tables)) {
    if (page.length >= wanted || isCut) break;
    if (row.firstSequence >= before) continue;
    const search = { ...query, limit: wanted - page.length };
    const ownKey = (sequence: number): Buffer => historyKey(partition, conversation, sequence);
    const mixedKeyOf = (sequence: number): Buffer => mixedKey(partition, bucket, sequence);
    const own = newestBefore(tables.history, ownKey, search);
    const mixed = newestBefore(tables.historyMixed, mixedKeyOf, search);
    page.push(...merge(own, mixed, search.limit));
    isCut = own.isCut || mixed.isCut;
  }
  const more = page.length > limit || isCut;
  return { messages: page.slice(0, limit).reverse(), more };
}

/** What was found in one table. */
interface Found {
  /** Newest first. */
  readonly messages: HistoryMessage[];
  /** All from this sequence on has been looked at. */
  readonly reached: number;
  /** It is over before all was found that was asked for. */
  readonly isCut: boolean;
}

/** At least `limit` messages if there are, from one table and partition; chunks never overlap. */
function newestBefore(table: Table, keyOf: (firstSequence: number) => Buffer, query: PageQuery): Found {
  const { conversation, before, limit, isOver } = query;
  const messages: HistoryMessage[] = [];
  let reached = Infinity;
  const reader = new HistoryChunkReader();
  const start = keyOf(Math.min(before, Number.MAX_SAFE_INTEGER));
  // Backwards, `start` is included and `end` is not; no message has the sequence 0.
  for (const { key, value } of table.entries({ start, end: keyOf(0), reverse: true })) {
    if (messages.length >= limit) return { messages, reached, isCut: false };
    if (isOver?.() === true) return { messages, reached, isCut: true };
    const firstSequence = readUint53(key, key.length - 8);
    const ofChunk: HistoryMessage[] = [];
    let isMessage: boolean | undefined = reader.begin(firstSequence, value) ? reader.next() : undefined;
    for (; isMessage === true; isMessage = reader.next()) {
      if (reader.sequence >= before) continue;
      if (conversationWith(reader.sender, reader.receiver) === conversation) ofChunk.push(reader.message);
    }
    if (isMessage === undefined) throw damaged(`a chunk of ${table.name} is damaged`);
    messages.push(...ofChunk.reverse());
    reached = firstSequence;
  }
  return { messages, reached: 0, isCut: false };
}

/** The newest of both, newest first, as far back as both were searched. */
function merge(own: Found, mixed: Found, wanted: number): HistoryMessage[] {
  const reached = Math.max(own.reached, mixed.reached);
  const messages = [...own.messages, ...mixed.messages].filter(({ sequence }) => sequence >= reached);
  return messages.sort((a, b) => b.sequence - a.sequence).slice(0, wanted);
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
      // The signatures go first and at once: a chunk of a partition without any is on its way out.
      for (const key of Array.from(tables.signatures.keys(partitionRange(partition))))
        tables.signatures.remove(key);
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
