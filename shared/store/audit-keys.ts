/**
 * The audit's part about idempotency keys: every record that is used stands in the bucket of its digest, once, and leads
 * to a message that there was.
 */
import { joinWords } from '../journal/record';
import { keyBucketWord, keyWord } from './key-table';
import type { Layout } from './layout';
import { keyStripes } from './lock-numbers';
import { keyRecord } from './record-words';

/** @param at reads a word, also one that a wild link leads to */
export function auditKeys(
  layout: Layout,
  newestSequence: number,
  at: (word: number) => number,
  report: (finding: string) => void,
): void {
  for (let stripe = 0; stripe < keyStripes; stripe += 1) {
    const cursor = at(layout.keyCursors + stripe);
    if (cursor < 0 || cursor >= layout.keysPerStripe) report(`idempotency keys: cursor ${cursor}`);
    const linked = linkedKeys(layout, stripe, at, report);
    for (let place = 0; place < layout.keysPerStripe; place += 1) {
      const key = stripe * layout.keysPerStripe + place + 1;
      const word = keyWord(layout, key);
      const isUsed = at(word + keyRecord.receiver) !== 0;
      if (isUsed !== linked.has(key)) report(`idempotency key ${key} is ${isUsed ? 'not ' : ''}linked`);
      const sequence = joinWords(at(word + keyRecord.sequenceLow), at(word + keyRecord.sequenceHigh));
      if (isUsed && (sequence < 1 || sequence > newestSequence))
        report(`idempotency key ${key} leads to message ${sequence}`);
    }
  }
}

/** The records in the chains of a stripe. */
function linkedKeys(
  layout: Layout,
  stripe: number,
  at: (word: number) => number,
  report: (finding: string) => void,
): Set<number> {
  const linked = new Set<number>();
  const firstKey = stripe * layout.keysPerStripe + 1;
  const firstBucket = layout.keyBuckets + stripe * layout.keyBucketsPerStripe;
  for (let bucket = firstBucket; bucket < firstBucket + layout.keyBucketsPerStripe; bucket += 1) {
    let key = at(bucket);
    while (key !== 0) {
      if (key < firstKey || key >= firstKey + layout.keysPerStripe || linked.has(key)) {
        report(`idempotency key ${key} is linked twice, or in another stripe`);
        break;
      }
      linked.add(key);
      const digestWord = keyWord(layout, key) + keyRecord.digest;
      if (keyBucketWord(layout, at(digestWord), at(digestWord + 1)) !== bucket)
        report(`idempotency key ${key} is in another’s bucket`);
      key = at(keyWord(layout, key) + keyRecord.nextInBucket);
    }
  }
  return linked;
}
