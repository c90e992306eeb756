/** Goal: every record that can be written reads back the same, alone and in a row; damage is refused, or bounded. */
import fc from 'fast-check';
import { forEachRecord, highWord, joinWords, lowWord, readRecord } from '../../shared/journal/record';
import type { JournalRecord } from '../../shared/journal/record';
import { encodeRecord, RecordWriter } from '../support/record-writer';

const number53 = fc.maxSafeNat();
const user = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const ascii = fc.string({ unit: 'binary-ascii', maxLength: 40 });
const token = fc.array(fc.integer(), { minLength: 4, maxLength: 4 }).map((words) => Int32Array.from(words));
const text = ascii.map((characters) => Uint8Array.from(Buffer.from(characters, 'latin1')));

const record: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('message' as const),
    receiver: fc.oneof(
      user,
      user.map((room) => -room),
    ),
    sender: user,
    sequence: number53,
    atMs: number53,
    text,
    key: ascii,
  }),
  fc.record({ kind: fc.constant('read' as const), user, sequence: number53 }),
  fc.record({
    kind: fc.constant('userCreated' as const),
    ...{ user, atMs: number53, username: ascii, displayName: ascii, passwordHash: ascii },
  }),
  fc.record({ kind: fc.constant('passwordChanged' as const), user, passwordHash: ascii, keptToken: token }),
  fc.record({ kind: fc.constant('passwordRenewed' as const), user, passwordHash: ascii }),
  fc.record({ kind: fc.constant('sessionOpened' as const), token, user, atSeconds: user }),
  fc.record({ kind: fc.constant('sessionClosed' as const), token }),
  fc.record({ kind: fc.constant('userRemoved' as const), user }),
  fc.record({
    kind: fc.constant('roomCreated' as const),
    ...{ room: user, user, sequence: number53, atMs: number53, name: ascii },
  }),
  fc.record({
    kind: fc.constantFrom('roomJoined' as const, 'roomLeft' as const),
    ...{ room: user, user, sequence: number53, atMs: number53 },
  }),
);

test('records read back in order, with fillers between them left out', () => {
  const entry = fc.oneof(
    { weight: 5, arbitrary: record },
    { weight: 1, arbitrary: fc.integer({ min: 2, max: 9 }) },
  );
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
      const writer = new RecordWriter();
      for (const each of entries) {
        if (typeof each === 'number') writer.filler(each);
        else writer.record(each);
      }
      const words = writer.taken();
      const read: JournalRecord[] = [];
      let wordCount = 0;
      forEachRecord(words, (each, at, length) => {
        read.push(each);
        expect(words[at]).toBe(length);
        wordCount += length;
      });
      const fillers = entries.filter((each) => typeof each === 'number');
      expect(wordCount).toBe(words.length - fillers.reduce((sum, each) => sum + each, 0));
      expect(read).toEqual(entries.filter((each) => typeof each !== 'number'));
    }),
  );
});

test('a number of 53 bits is its two words', () => {
  fc.assert(
    fc.property(number53, (value) => {
      expect(joinWords(lowWord(value), highWord(value))).toBe(value);
    }),
    { examples: [[0], [2 ** 31], [2 ** 32 - 1], [2 ** 32], [Number.MAX_SAFE_INTEGER]] },
  );
});

test('a record that is cut short is refused', () => {
  fc.assert(
    fc.property(record, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (whole, share) => {
      const words = encodeRecord(whole);
      expect(() => readRecord(words.subarray(0, Math.floor(words.length * share)), 0)).toThrow('record of');
    }),
  );
});
