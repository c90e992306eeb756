/** Goal: the audit of a store finds every kind of damage, says so in words, and comes to an end whatever it finds. */
import { auditStore } from '../../shared/store/audit';
import { header } from '../../shared/store/header';
import { readLayout } from '../../shared/store/layout';
import { userRecord } from '../../shared/store/record-words';
import { copyStore } from '../support/store-snapshot';
import { checkedWords, fullStore } from '../support/word-corruption';

const whole = fullStore();

/** The findings on a copy of the store in which one word is another. */
function findingsWith(word: number, value: number): readonly string[] {
  const copy = copyStore(whole);
  new Int32Array(copy)[word] = value;
  return auditStore(copy).findings;
}

test('a store with something of everything in it is clean', () => {
  expect(auditStore(whole)).toMatchObject({ findings: [], users: 3, unreadMessages: 3 });
  const words = new Int32Array(whole);
  const { users } = readLayout(words);
  expect(words[header.magazineHead]).toBeGreaterThan(0);
  expect(words[header.sessionFree]).toBeGreaterThan(0);
  expect(words[users + userRecord.endedHead]).toBeGreaterThan(0);
});

describe.each(checkedWords(whole).map(({ name, word }) => [name, word] as const))('%s', (name, word) => {
  const old = new Int32Array(whole)[word]!;
  // Another sender who exists, a length of as many blocks, and numbers of users that were lost with a crash before
  // anybody heard of them cannot be told from what is right; nor can the number of a room that is gone, and a place in a
  // room's chain from before its oldest message.
  const near = /^(message (sender|textBytes)|header userCount|room number|member readLow)$/.test(name)
    ? []
    : [old + 1, old + 2, old - 1];
  // An audit that believes in 2^30 users would not end in this test's time; it is shown with fewer.
  const wildest = name === 'header userCount' ? 2 ** 18 : 2 ** 30;
  const wrong = [...new Set([...near, 0, -1, 2 ** 20, wildest])].filter(
    (value) => value !== old && !(name === 'member readLow' && value === 0),
  );

  test.each(wrong.map((value) => [value]))(`that is %d instead of ${old} is found`, (value) => {
    expect(findingsWith(word, value)).not.toEqual([]);
  });
});

test('the header of another kind of memory is refused', () => {
  expect(() => auditStore(new SharedArrayBuffer(4_096))).toThrow('not a store');
});

test('a number of users that the store has no room for is found at once', () => {
  const startedAt = process.cpuUsage();
  expect(findingsWith(header.userCount, 2 ** 22)).not.toEqual([]);
  expect(process.cpuUsage(startedAt).user / 1_000_000).toBeLessThan(0.5);
});
