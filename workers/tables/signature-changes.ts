/**
 * Adds the signatures of one run of records to their table, a page of them a value.
 *
 * Pages come in groups. A group holds the signatures of one run, or of several that follow each other as long as one
 * page takes them: where little is said, runs are small. The sequences of a group all come after those of the one
 * before it; within a group they may be in any order.
 */
import { wordsOf } from './chunk';
import { damaged } from './data-error';
import { readUint32, readUint53, signatureKey } from './keys';
import { partitionRange } from './partitions';
import type { TableSet } from './table-set';
import { type ChunkPlace, type FilterElements, SignaturePageWriter } from './signature';

export class SignatureChanges {
  private readonly writer = new SignaturePageWriter();
  private groupFirst: number;
  private page = 0;

  /** @param firstSequence of the run. */
  constructor(
    private readonly tables: TableSet,
    private readonly partition: number,
    firstSequence: number,
  ) {
    this.groupFirst = firstSequence;
    this.beginAtNewest();
  }

  add(place: ChunkPlace, elements: FilterElements): void {
    if (this.writer.add(place, elements)) return;
    this.end();
    this.page += 1;
    this.writer.begin();
    if (!this.writer.add(place, elements)) throw damaged('a signature is longer than a page');
  }

  /** Writes the page that is being filled. */
  end(): void {
    if (this.writer.isEmpty) return;
    const { tables, partition, groupFirst, page, writer } = this;
    tables.signatures.put(signatureKey(partition, groupFirst, page), writer.bytes());
  }

  /** Goes on with the partition's newest group while that has one page. */
  private beginAtNewest(): void {
    const { start, end } = partitionRange(this.partition);
    for (const { key, value } of this.tables.signatures.entries({ start: end, end: start, reverse: true })) {
      const words = wordsOf(value);
      if (words === undefined) throw damaged('a page of signatures is damaged');
      if (readUint32(key, 12) > 0) return;
      this.groupFirst = readUint53(key, 4);
      this.writer.begin(words);
      return;
    }
  }
}
