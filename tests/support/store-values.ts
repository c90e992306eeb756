/** Plain values turned into what the store takes. */
import { IdempotencyKey } from '../../shared/protocol/idempotency-key';
import { MessageId } from '../../shared/protocol/message-id';
import { Name } from '../../shared/protocol/name';
import type { TokenWords } from '../../shared/protocol/token';
import { KeyedDigest } from '../../shared/store/keyed-digest';
import { header } from '../../shared/store/header';
import { keyStripes, stripesPerTable } from '../../shared/store/lock-numbers';
import { NameHash, nameSecretWords } from '../../shared/store/name-hash';
import { StoredText } from '../../shared/store/stored-text';

export function nameOf(text: string): Name {
  const name = new Name();
  if (!name.readText(text)) throw new Error(`${text} is not a name`);
  return name;
}

export function textOf(ascii: string): StoredText {
  return StoredText.fromAscii(ascii);
}

export function keyOf(text: string): IdempotencyKey {
  const key = new IdempotencyKey();
  if (!key.readText(text)) throw new Error(`${text} is not an idempotency key`);
  return key;
}

/** Idempotency keys that threads use at the same time. */
export const publishedKeys = Array.from({ length: 40 }, (_, index) => `key-${index}`);

/** The secrets of stores whose keys and names are to fall into known stripes. */
const knownKeySecret = Int32Array.of(1, 2, 3, 4);
const knownNameSecret = Int32Array.from({ length: nameSecretWords }, (_, index) =>
  Math.imul(index + 1, 0x9e3779b1),
);

/** Takes the chance out of where a fresh store keeps idempotency keys, users and rooms. */
export function fixSecrets(buffer: SharedArrayBuffer): void {
  const words = new Int32Array(buffer);
  words.set(knownKeySecret, header.keySecret);
  words.set(knownNameSecret, header.nameSecret);
}

/** Keys of one sender that share a stripe, and so their lock and their ring, where the secret is the known one. */
export function keysOfOneStripe(sender: number, count: number): readonly string[] {
  const digest = new KeyedDigest(knownKeySecret);
  const stripeOf = (key: string): number => digest.take(sender, keyOf(key))[0]! & (keyStripes - 1);
  const keys = ['key'];
  const stripe = stripeOf('key');
  for (let number = 0; keys.length < count; number += 1) {
    const key = `key-${number.toString(36)}`;
    if (stripeOf(key) === stripe) keys.push(key);
  }
  return keys;
}

/** The id of the message of a sequence to a user, or to a room as its negative number. */
export function idOf(sequence: number, receiver: number): MessageId {
  const id = new MessageId();
  id.sequence = sequence;
  id.receiver = receiver;
  return id;
}

/** A token of its own for every number; all of them hash to three buckets, so that chains form. */
export function tokenOf(number: number): TokenWords {
  return Int32Array.of(number, Math.imul(number, 0x9e3779b1), ~number, number ^ (number % 3));
}

/** ASCII of exactly so many bytes, different for every label and at every place, so that mixed-up blocks show. */
export function filledText(label: string, lengthBytes: number): string {
  let text = `${label}:`;
  for (let at = text.length; text.length < lengthBytes; at += 7) text += `${label}.${at.toString(36)}|`;
  return text.slice(0, lengthBytes);
}

/**
 * Names that share one of so many stripes, and so their lock and, in small stores, their bucket, where the secret is the
 * known one.
 */
export function namesOfOneStripe(
  count: number,
  first = 'anna',
  stripes: number = stripesPerTable,
): readonly string[] {
  const hash = new NameHash(knownNameSecret);
  const stripeOf = (text: string): number => hash.of(nameOf(text)) & (stripes - 1);
  const names = [first];
  for (let number = 0; names.length < count; number += 1) {
    const text = `twin-${number.toString(36)}`;
    if (stripeOf(text) === stripeOf(first)) names.push(text);
  }
  return names;
}

/** Reports of long waits go nowhere: the tests that expect waiting bound it themselves. */
export function ignoreLongWaits(): void {
  return undefined;
}
