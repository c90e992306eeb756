/**
 * The audit of history: its partitions, its chunks, and the signatures that searches go by.
 */
import type { AuditContext } from './audit-context';
import { wordsOf } from './chunk';
import { type HistoryMessage, readHistoryChunk } from './history-chunk';
import {
  bucketCount,
  bucketOf,
  conversationOf,
  conversationOfKey,
  conversationWith,
  historyKey,
  historyKeyBytes,
  mixedKey,
  mixedKeyBytes,
  readUint32,
  readUint53,
  signatureKeyBytes,
  userKeyBytes,
} from './keys';
import { partitionRange } from './partitions';
import { type PartitionRow, readPartitionRow } from './rows';
import { partyHash, SignatureReader } from './signature';
import type { TableSet } from './table-set';
import { WordReader } from './word-reader';

/** A partition, and where the next one begins. */
interface KnownPartition {
  readonly row: PartitionRow;
  end: number;
}

export class HistoryAudit {
  private readonly partitions = new Map<number, KnownPartition>();
  private readonly signature = new SignatureReader();
  private readonly words = new WordReader();

  private readonly tables: TableSet;

  constructor(private readonly context: AuditContext) {
    this.tables = context.tables;
  }

  checkPartitions(): void {
    let last: KnownPartition | undefined;
    for (const { key, value } of this.tables.partitions.entries()) {
      const row = key.length === userKeyBytes ? readPartitionRow(value) : undefined;
      if (row === undefined) this.context.find('partitions', key, 'is no partition’s row');
      else if (last !== undefined && row.firstSequence <= last.row.firstSequence)
        this.context.find('partitions', key, 'begins before the one before it');
      else {
        if (last !== undefined) last.end = row.firstSequence;
        last = { row, end: Infinity };
        this.partitions.set(readUint32(key, 0), last);
      }
    }
  }

  checkHistory(): void {
    this.checkChunks('history', historyKeyBytes, (key, conversation) => {
      return conversationOfKey(key) === conversation;
    });
  }

  checkMixedHistory(): void {
    this.checkChunks('historyMixed', mixedKeyBytes, (key, conversation) => {
      const bucket = readUint32(key, 4);
      return bucket < bucketCount && bucketOf(conversation) === bucket;
    });
  }

  /** Every chunk must have a signature, and no signature may deny what is in its chunk. */
  checkSignatures(): void {
    const { signatures } = this.tables;
    for (const key of signatures.keys())
      if (key.length !== signatureKeyBytes || !this.partitions.has(readUint32(key, 0)))
        this.context.find('signatures', key, 'is of no partition');
    for (const partition of this.partitions.keys()) this.checkSignaturesOf(partition);
  }

  private checkSignaturesOf(partition: number): void {
    /** Keys of chunks that have a signature. */
    const signed = new Set<string>();
    let [groupBefore, lastBefore, lastOfGroup] = [-1, -1, -1];
    let isSearchable = false;
    for (const { key, value } of this.tables.signatures.entries(partitionRange(partition))) {
      isSearchable = true;
      const groupFirst = readUint53(key, 4);
      if (groupFirst !== groupBefore) {
        [groupBefore, lastBefore] = [groupFirst, lastOfGroup];
        if (readUint32(key, 12) !== 0)
          this.context.find('signatures', key, 'is of a group that has no first page');
      }
      if (groupFirst <= lastBefore)
        this.context.find('signatures', key, 'begins before the group before it ends');
      lastOfGroup = Math.max(lastOfGroup, this.checkPage(partition, key, value, signed));
    }
    // While a partition is forgotten, its signatures go first.
    if (isSearchable) this.requireSignatures(partition, signed);
  }

  /** Returns the last sequence that the page speaks of. */
  private checkPage(partition: number, key: Buffer, value: Buffer, signed: Set<string>): number {
    const { signature } = this;
    const words = wordsOf(value);
    let last = -1;
    signature.begin(words ?? new Int32Array(0));
    let isSignature = words === undefined ? undefined : signature.next();
    for (; isSignature === true; isSignature = signature.next()) {
      last = Math.max(last, signature.lastSequence);
      this.checkSignature(partition, key, signed);
    }
    if (isSignature === undefined) this.context.find('signatures', key, 'is no page of signatures');
    return last;
  }

  private checkSignature(partition: number, key: Buffer, signed: Set<string>): void {
    const { isMixed, bucket, lower, higher, firstSequence, lastSequence } = this.signature;
    const chunkKey = isMixed
      ? mixedKey(partition, bucket, firstSequence)
      : historyKey(partition, conversationOf(lower, higher), firstSequence);
    signed.add(chunkKey.toString('latin1'));
    const bytes = this.tables[isMixed ? 'historyMixed' : 'history'].get(chunkKey);
    const messages = bytes === undefined ? undefined : readHistoryChunk(firstSequence, bytes);
    if (messages === undefined) this.context.find('signatures', key, 'speaks of a chunk that there is not');
    else if (messages.at(-1)!.sequence !== lastSequence)
      this.context.find('signatures', key, 'says that a chunk ends elsewhere');
    else if (messages.some((message) => this.denies(message)))
      this.context.find('signatures', key, 'denies what a chunk holds');
  }

  private denies({ sender, receiver, text }: HistoryMessage): boolean {
    const { signature, words } = this;
    if (signature.isMixed && ![sender, receiver].every((party) => signature.mayHold(partyHash(party))))
      return true;
    words.begin(text, 0, text.length);
    while (words.next()) if (!signature.mayHold(words.hash)) return true;
    return false;
  }

  private requireSignatures(partition: number, signed: ReadonlySet<string>): void {
    for (const table of [this.tables.history, this.tables.historyMixed])
      for (const key of table.keys(partitionRange(partition)))
        if (!signed.has(key.toString('latin1'))) this.context.find(table.name, key, 'has no signature');
  }

  private checkChunks(
    which: 'history' | 'historyMixed',
    keyBytes: number,
    belongs: (key: Buffer, conversation: number) => boolean,
  ): void {
    const { name } = this.tables[which];
    let groupBefore: Uint8Array = Buffer.alloc(0);
    let sequenceBefore = 0;
    for (const { key, value } of this.tables[which].entries()) {
      const isKey = key.length === keyBytes;
      const firstSequence = isKey ? readUint53(key, keyBytes - 8) : 0;
      const messages = isKey ? readHistoryChunk(firstSequence, value) : undefined;
      if (messages?.[0]!.sequence !== firstSequence) {
        this.context.find(name, key, 'is no chunk of history');
        continue;
      }
      const group = key.subarray(0, keyBytes - 8);
      if (!group.equals(groupBefore)) sequenceBefore = 0;
      groupBefore = group;
      this.checkPlace(name, key, messages);
      this.context.requireTexts(name, key, messages);
      sequenceBefore = this.context.checkOrder(name, key, messages, sequenceBefore);
      for (const { sender, receiver } of messages) {
        if (!belongs(key, conversationWith(sender, receiver)))
          this.context.find(name, key, 'has messages of another conversation');
        for (const user of receiver < 0 ? [sender] : [sender, receiver])
          this.context.requireUser(name, key, user);
      }
    }
  }

  private checkPlace(name: string, key: Buffer, messages: readonly HistoryMessage[]): void {
    const partition = this.partitions.get(readUint32(key, 0));
    if (partition === undefined) {
      this.context.find(name, key, 'is of no partition');
      return;
    }
    const { row, end } = partition;
    if (messages[0]!.sequence < row.firstSequence || messages.at(-1)!.sequence >= end)
      this.context.find(name, key, 'has messages of another partition');
    if (messages.some(({ atMs }) => atMs > row.newestAtMs))
      this.context.find(name, key, 'has messages newer than its partition says');
  }
}
