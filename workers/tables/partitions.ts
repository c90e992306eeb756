/**
 * The partitions of history: stretches of the journal, each a day or so many bytes at most. Retention drops whole
 * partitions, so that nothing ever has to be searched for what is old.
 */
import { damaged } from './data-error';
import { readUint32, userKey, userKeyBytes } from './keys';
import { type PartitionRow, readPartitionRow } from './rows';
import type { TableSet } from './table-set';

export interface Partition {
  readonly partition: number;
  readonly row: PartitionRow;
}

/** Newest first. */
export function* partitionsNewestFirst({ partitions }: TableSet): Generator<Partition> {
  for (const { key, value } of partitions.entries({ reverse: true })) {
    const row = key.length === userKeyBytes ? readPartitionRow(value) : undefined;
    if (row === undefined) throw damaged('the row of a partition of history is damaged');
    yield { partition: readUint32(key, 0), row };
  }
}

export function newestPartition(tables: TableSet): Partition | undefined {
  for (const newest of partitionsNewestFirst(tables)) return newest;
  return undefined;
}

/** The keys of one partition in `history`, `history-mixed` and `signatures` lie between these two. */
export function partitionRange(partition: number): { start: Buffer; end: Buffer } {
  return { start: userKey(partition), end: userKey(partition + 1) };
}
