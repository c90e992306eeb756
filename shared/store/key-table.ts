/**
 * What idempotency keys led to: digests of sender and key (`keyed-digest.ts`), each with the id of its message.
 *
 * Divided by digest into stripes, each with a lock, buckets and records of its own, so that a post takes one lock for
 * its key and holds it until the message is stored: of two posts with one key, the second finds what the first did.
 * The records of a stripe form a ring; a new key takes the place of the oldest.
 *
 * ```
 *   stripe:   buckets ──▶ chains through the records
 *             records     │ new │ newest │ … │ oldest │ …      cursor: where the next one goes
 * ```
 */
import { joinWords } from '../journal/record';
import type { IdempotencyKey } from '../protocol/idempotency-key';
import { keyLifetimeSeconds } from '../protocol/limits';
import type { MessageId } from '../protocol/message-id';
import { header } from './header';
import { KeyedDigest } from './keyed-digest';
import type { Layout } from './layout';
import { keyStripes, lockNumber } from './lock-numbers';
import type { Memory } from './memory';
import { keyRecord } from './record-words';
import type { Transaction } from './transaction';

export class KeyTable {
  private readonly digest: KeyedDigest;

  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
    private readonly transaction: Transaction,
  ) {
    this.digest = new KeyedDigest(memory.words.slice(header.keySecret, header.keySecret + 4));
  }

  /** How many keys are remembered at most. */
  get capacity(): number {
    return this.layout.keysMax;
  }

  /** How many of one lock. */
  get capacityOfStripe(): number {
    return this.layout.keysPerStripe;
  }

  /** The digest of a sender's key; valid until the next. */
  digestOf(sender: number, key: IdempotencyKey): Int32Array {
    return this.digest.take(sender, key);
  }

  /** The lock of a digest's stripe. */
  lockOf(digest: Int32Array): number {
    return lockNumber.keyStripe + stripeOf(digest);
  }

  /** The record of a key that is remembered, or 0. The lock of the digest is held. */
  find(digest: Int32Array, nowSeconds: number): number {
    const { memory } = this;
    let key = memory.read(this.bucketWord(digest));
    while (key !== 0) {
      const word = this.wordOf(key);
      if (
        memory.read(word + keyRecord.digest) === digest[0] &&
        memory.read(word + keyRecord.digest + 1) === digest[1] &&
        memory.read(word + keyRecord.digest + 2) === digest[2] &&
        memory.read(word + keyRecord.digest + 3) === digest[3]
      ) {
        // A newer record of the same key would stand before this one.
        const ageSeconds = nowSeconds - memory.readSeconds(word + keyRecord.atSeconds);
        return ageSeconds <= keyLifetimeSeconds ? key : 0;
      }
      key = memory.read(word + keyRecord.nextInBucket);
    }
    return 0;
  }

  /** Reads the id that a key led to. The lock of its digest is held. */
  readId(key: number, id: MessageId): void {
    const { memory } = this;
    const word = this.wordOf(key);
    id.receiver = memory.read(word + keyRecord.receiver);
    id.sequence = joinWords(
      memory.read(word + keyRecord.sequenceLow),
      memory.read(word + keyRecord.sequenceHigh),
    );
  }

  /**
   * Remembers a key in the place of the stripe's oldest; returns its record, which has yet to be numbered. The lock of
   * the digest is held. Part of the caller's transaction.
   */
  insert(digest: Int32Array, receiver: number, atSeconds: number): number {
    const cursorWord = this.layout.keyCursors + stripeOf(digest);
    const place = this.memory.read(cursorWord);
    this.transaction.set(cursorWord, place + 1 === this.layout.keysPerStripe ? 0 : place + 1);
    return this.fill(place, digest, receiver, atSeconds);
  }

  /**
   * Remembers a key that is older than all that are remembered, behind those already inserted like this: `olderCount` of
   * its stripe, fewer than a stripe holds. For the loader; like `insert` otherwise.
   */
  insertOlder(digest: Int32Array, receiver: number, atSeconds: number, olderCount: number): number {
    return this.fill(this.layout.keysPerStripe - 1 - olderCount, digest, receiver, atSeconds);
  }

  /** Gives the record inserted last its message's sequence. In the transaction that inserts it. */
  number(key: number, sequenceLow: number, sequenceHigh: number): void {
    const word = this.wordOf(key);
    this.transaction.set(word + keyRecord.sequenceLow, sequenceLow);
    this.transaction.set(word + keyRecord.sequenceHigh, sequenceHigh);
  }

  /** Every word is logged: what stood there is remembered again when the transaction is taken back. */
  private fill(place: number, digest: Int32Array, receiver: number, atSeconds: number): number {
    const { memory, transaction } = this;
    const key = stripeOf(digest) * this.layout.keysPerStripe + place + 1;
    const word = this.wordOf(key);
    if (memory.read(word + keyRecord.receiver) !== 0)
      transaction.set(this.linkTo(key), memory.read(word + keyRecord.nextInBucket));
    const bucketWord = this.bucketWord(digest);
    for (let index = 0; index < 4; index += 1)
      transaction.set(word + keyRecord.digest + index, digest[index]!);
    transaction.set(word + keyRecord.receiver, receiver);
    transaction.set(word + keyRecord.atSeconds, atSeconds);
    transaction.set(word + keyRecord.nextInBucket, memory.read(bucketWord));
    transaction.set(bucketWord, key);
    return key;
  }

  /** The word that links to a record in its bucket's chain. */
  private linkTo(key: number): number {
    const { memory } = this;
    const digestWord = this.wordOf(key) + keyRecord.digest;
    let link = keyBucketWord(this.layout, memory.read(digestWord), memory.read(digestWord + 1));
    for (;;) {
      const found = memory.read(link);
      if (found === key) return link;
      if (found === 0) throw new Error(`idempotency key ${key} is not in the bucket of its digest`);
      link = this.wordOf(found) + keyRecord.nextInBucket;
    }
  }

  private bucketWord(digest: Int32Array): number {
    return keyBucketWord(this.layout, digest[0]!, digest[1]!);
  }

  /** The word where a record starts. */
  private wordOf(key: number): number {
    return keyWord(this.layout, key);
  }
}

/** The stripe of a digest, and thereby of its record. */
function stripeOf(digest: Int32Array): number {
  return digest[0]! & (keyStripes - 1);
}

/** The word where a key's record starts. */
export function keyWord(layout: Layout, key: number): number {
  return layout.keys + (key - 1) * keyRecord.words;
}

/** The word of the bucket of a digest, given by its first two words. */
export function keyBucketWord(layout: Layout, digest0: number, digest1: number): number {
  const bucket = digest1 & (layout.keyBucketsPerStripe - 1);
  return layout.keyBuckets + (digest0 & (keyStripes - 1)) * layout.keyBucketsPerStripe + bucket;
}
