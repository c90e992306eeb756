/** Goal: names spread over buckets and stripes, and nobody who does not know a store's secret can choose some that do not. */
import { header } from '../../shared/store/header';
import { stripesPerTable } from '../../shared/store/lock-numbers';
import { NameHash, nameSecretWords } from '../../shared/store/name-hash';
import { createStore } from '../../shared/store/store';
import { nameOf } from '../support/store-values';

const hashBits = 25;
const capacity = { threadsMax: 1, usersMax: 4, sessionsMax: 4, blocksMax: 8, inboxMessagesMax: 4 };

/** The same one for the same seed. */
function secretFrom(seed: number): Int32Array {
  let state = seed;
  return Int32Array.from({ length: nameSecretWords }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
  });
}

/** The bucket of each name, of so many. */
function bucketsOf(names: readonly string[], hash: NameHash, buckets: number): number[] {
  return names.map((name) => hash.of(nameOf(name)) & (buckets - 1));
}

/** How many are in the fullest. */
function fullest(buckets: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const bucket of buckets) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  return Math.max(...counts.values());
}

test('a hash has 25 bits, is the same in upper and lower case, and every place of a name counts', () => {
  const hash = new NameHash(secretFrom(1));
  const longest = 'abcdefghijklmnopqrstuvwxyz.0123-';
  const first = hash.of(nameOf(longest));
  expect(first).toBeLessThan(2 ** hashBits);
  expect(hash.of(nameOf(longest.toUpperCase()))).toBe(first);
  for (let at = 0; at < longest.length; at += 1) {
    const changed = `${longest.slice(0, at)}_${longest.slice(at + 1)}`;
    expect(hash.of(nameOf(changed))).not.toBe(first);
  }
});

test('neighbouring names spread over the lock stripes', () => {
  const names = Array.from({ length: 20 * stripesPerTable }, (_, number) => `user-${number}`);
  for (let seed = 1; seed <= 20; seed += 1) {
    const stripes = bucketsOf(names, new NameHash(secretFrom(seed)), stripesPerTable);
    // The mean is 20.
    expect(fullest(stripes)).toBeLessThan(60);
    expect(new Set(stripes).size).toBe(stripesPerTable);
  }
});

test('names that crowd into one bucket under one secret spread under another', () => {
  const buckets = 512;
  const known = new NameHash(secretFrom(1));
  const names = Array.from({ length: 100_000 }, (_, number) => `n${number.toString(36)}`).filter(
    (_, index, all) => bucketsOf([all[index]!], known, buckets)[0] === 7,
  );
  expect(names.length).toBeGreaterThan(100);
  for (let seed = 2; seed <= 20; seed += 1)
    expect(fullest(bucketsOf(names, new NameHash(secretFrom(seed)), buckets))).toBeLessThan(names.length / 8);
});

test('every store has a secret of its own', () => {
  const secrets = Array.from({ length: 3 }, () =>
    String(
      new Int32Array(createStore(capacity)).slice(header.nameSecret, header.nameSecret + nameSecretWords),
    ),
  );
  expect(new Set(secrets).size).toBe(3);
  for (const secret of secrets) expect(secret).not.toMatch(/(^|,)0(,0)+(,|$)/);
});
