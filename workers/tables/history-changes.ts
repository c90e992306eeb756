/**
 * What one run of records adds to history: chunks of whole conversations, written in order of their keys.
 *
 * A conversation that says much within the run, or alone in its bucket, has chunks of its own in `history`. Those that
 * say little share chunks by bucket in `history-mixed`: ten thousand users who talk to each other at random would
 * otherwise cost a key a message.
 */
import { joinWords, messageField } from '../../shared/journal/record';
import { ChunkWriter, sequenceOf } from './chunk';
import { damaged } from './data-error';
import {
  bucketCount,
  bucketOf,
  conversationWith,
  higherUser,
  historyKey,
  lowerUser,
  mixedKey,
  userKey,
} from './keys';
import { newestPartition } from './partitions';
import { writePartitionRow } from './rows';
import { FilterElements } from './signature';
import { SignatureChanges } from './signature-changes';
import type { TableSet } from './table-set';

/** From so many messages within a run on, a conversation has chunks of its own. */
const ownChunkMessagesMin = 16;
/** A partition takes no more than so much, and nothing that comes so much later. */
const partitionBytesMax = 256 * 1_048_576;
const partitionAgeMaxMs = 24 * 3_600_000;

/** Messages of a run, by their numbers in it, in order. */
type Messages = ArrayLike<number>;

/** Where chunks go: those of one conversation, or those that the conversations of a bucket share. */
interface ChunkTarget {
  readonly isMixed: boolean;
  readonly bucket: number;
  readonly lower: number;
  readonly higher: number;
  readonly keyOf: (firstSequence: number) => Buffer;
}

export class HistoryChanges {
  /** By message. */
  private readonly conversations: Float64Array;
  private readonly buckets: Uint16Array;
  /** By bucket: how many messages. */
  private readonly bucketSizes = new Int32Array(bucketCount);
  private readonly knownUsers = new Set<number>();
  private readonly bytes: Uint8Array;
  private readonly chunk = new ChunkWriter();
  private readonly elements = new FilterElements();
  private newestAtMs = 0;

  /** `offsets` holds the word offsets of the run's messages. */
  constructor(
    private readonly tables: TableSet,
    private readonly words: Int32Array,
    private readonly offsets: Int32Array,
  ) {
    this.bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    this.conversations = new Float64Array(offsets.length);
    this.buckets = new Uint16Array(offsets.length);
  }

  /** Adds a message of the run, given by its number in `offsets`; all are added, in order. */
  add(message: number): void {
    const { words } = this;
    const at = this.offsets[message]!;
    const sender = words[at + messageField.sender]!;
    this.requireUser(sender);
    const conversation = conversationWith(sender, words[at + messageField.receiver]!);
    const bucket = bucketOf(conversation);
    this.conversations[message] = conversation;
    this.buckets[message] = bucket;
    this.bucketSizes[bucket]! += 1;
    const atMs = joinWords(words[at + messageField.atLow]!, words[at + messageField.atHigh]!);
    if (atMs > this.newestAtMs) this.newestAtMs = atMs;
  }

  /** Writes the messages added, into the newest partition or, when that is full or old, a new one. */
  write(messageCount: number, nowMs: number): void {
    if (messageCount === 0) return;
    const { partition, row } = this.openPartition(nowMs);
    const signatures = new SignatureChanges(this.tables, partition, sequenceOf(this.words, this.offsets[0]!));
    let { chunkBytes } = row;
    const own: [number, Messages][] = [];
    for (const [bucket, messages] of this.byBucket(messageCount)) {
      const shared = this.divide(messages, own);
      const keyOf = (sequence: number): Buffer => mixedKey(partition, bucket, sequence);
      const target = { isMixed: true, bucket, lower: 0, higher: 0, keyOf };
      chunkBytes += this.writeChunks(shared, target, signatures);
    }
    for (const [conversation, messages] of own.sort(([a], [b]) => a - b)) {
      const [lower, higher] = [lowerUser(conversation), higherUser(conversation)];
      const keyOf = (sequence: number): Buffer => historyKey(partition, conversation, sequence);
      const target = { isMixed: false, bucket: 0, lower, higher, keyOf };
      chunkBytes += this.writeChunks(messages, target, signatures);
    }
    signatures.end();
    const newestAtMs = Math.max(row.newestAtMs, this.newestAtMs);
    this.tables.partitions.put(userKey(partition), writePartitionRow({ ...row, newestAtMs, chunkBytes }));
  }

  /** The messages of each bucket that has any. A counting sort: it keeps their order and looks nothing up. */
  private *byBucket(messageCount: number): Generator<[number, Int32Array]> {
    const sorted = new Int32Array(messageCount);
    const ends = new Int32Array(bucketCount);
    let end = 0;
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      ends[bucket] = end;
      end += this.bucketSizes[bucket]!;
    }
    for (let message = 0; message < messageCount; message += 1) {
      const bucket = this.buckets[message]!;
      sorted[ends[bucket]!] = message;
      ends[bucket]! += 1;
    }
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      const size = this.bucketSizes[bucket]!;
      if (size > 0) yield [bucket, sorted.subarray(ends[bucket]! - size, ends[bucket])];
    }
  }

  /** Adds the conversations of a bucket that get chunks of their own to `own`; returns the messages of the others. */
  private divide(messages: Int32Array, own: [number, Messages][]): Messages {
    const counts = new Map<number, number>();
    for (const message of messages) {
      const conversation = this.conversations[message]!;
      counts.set(conversation, (counts.get(conversation) ?? 0) + 1);
    }
    if (counts.size === 1) {
      own.push([this.conversations[messages[0]!]!, messages]);
      return [];
    }
    const loud = new Map<number, number[]>();
    for (const [conversation, count] of counts) if (count >= ownChunkMessagesMin) loud.set(conversation, []);
    if (loud.size === 0) return messages;
    own.push(...loud);
    return messages.filter((message) => {
      const others = loud.get(this.conversations[message]!);
      others?.push(message);
      return others === undefined;
    });
  }

  /** Returns how many bytes the chunks have. */
  private writeChunks(messages: Messages, target: ChunkTarget, signatures: SignatureChanges): number {
    const { words, offsets, chunk, elements } = this;
    const table = target.isMixed ? this.tables.historyMixed : this.tables.history;
    let chunkBytes = 0;
    let next = 0;
    while (next < messages.length) {
      const firstSequence = sequenceOf(words, offsets[messages[next]!]!);
      let lastSequence = firstSequence;
      chunk.beginHistory(firstSequence);
      elements.begin();
      while (next < messages.length) {
        const at = offsets[messages[next]!]!;
        if (!chunk.addHistory(words, at)) break;
        this.addElements(at, target.isMixed);
        lastSequence = sequenceOf(words, at);
        next += 1;
      }
      if (chunk.count === 0) throw damaged(`message ${firstSequence} is longer than a chunk`);
      const bytes = chunk.bytes();
      table.put(target.keyOf(firstSequence), bytes);
      signatures.add({ ...target, firstSequence, lastSequence }, elements);
      chunkBytes += bytes.length;
    }
    return chunkBytes;
  }

  private addElements(at: number, isMixed: boolean): void {
    const { words, elements } = this;
    // A signature names the users of a chunk of one conversation anyway.
    if (isMixed) {
      elements.addParty(words[at + messageField.sender]!);
      elements.addParty(words[at + messageField.receiver]!);
    }
    const text = (at + messageField.text) * 4;
    elements.addText(this.bytes, text, text + words[at + messageField.textBytes]!);
  }

  private openPartition(nowMs: number): ReturnType<typeof newestPartition> & object {
    const newest = newestPartition(this.tables);
    if (newest !== undefined) {
      const { chunkBytes, openedAtMs } = newest.row;
      if (chunkBytes < partitionBytesMax && Math.abs(nowMs - openedAtMs) < partitionAgeMaxMs) return newest;
    }
    const partition = newest === undefined ? 1 : newest.partition + 1;
    return {
      partition,
      row: {
        firstSequence: sequenceOf(this.words, this.offsets[0]!),
        chunkBytes: 0,
        openedAtMs: nowMs,
        newestAtMs: 0,
      },
    };
  }

  private requireUser(user: number): void {
    if (this.knownUsers.has(user)) return;
    if (!this.tables.users.has(userKey(user)))
      throw damaged(`a message of user ${user}, who was never created`);
    this.knownUsers.add(user);
  }
}
