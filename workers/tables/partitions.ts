/**
 * The partitions of history: stretches of the journal, each a day or so many bytes at most. Retention drops whole
 * partitions, so that nothing ever has to be searched for what is old.
 */
import { damaged } from './data-error';
import type { Entry } from './environment';
import { readUint32, userKey, userKeyBytes } from './keys';
import { type PartitionRow, readPartitionRow } from './rows';
import type { TableSet } from './table-set';

export interface Partition {
  readonly partition: number;
  readonly row: PartitionRow;
}

/** Newest first. */
export function* partitionsNewestFirst({ partitions }: TableSet): Generator<Partition> {
  for (const entry of partitions.entries({ reverse: true })) yield readPartition(entry);
}

export function newestPartition(tables: TableSet): Partition | undefined {
  for (const newest of partitionsNewestFirst(tables)) return newest;
  return undefined;
}

export function oldestPartition({ partitions }: TableSet): Partition | undefined {
  for (const entry of partitions.entries({ limit: 1 })) return readPartition(entry);
  return undefined;
}

function readPartition({ key, value }: Entry): Partition {
  const row = key.length === userKeyBytes ? readPartitionRow(value) : undefined;
  if (row === undefined) throw damaged('the row of a partition of history is damaged');
  return { partition: readUint32(key, 0), row };
}

/** The keys of one partition in `history`, `history-mixed` and `signatures` lie between these two. */
export function partitionRange(partition: number): { start: Buffer; end: Buffer } {
  return { start: userKey(partition), end: userKey(partition + 1) };
}
