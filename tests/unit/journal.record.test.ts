/** Goal: what is not a record of this version is refused with what it is. */
import { forEachRecord, passwordField, readRecord, recordVersion } from '../../shared/journal/record';
import { encodeRecord, RecordWriter } from '../support/record-writer';

const closed = encodeRecord({ kind: 'sessionClosed', token: Int32Array.of(1, 2, 3, 4) });

test.each([
  ['a length of nothing', 0, 0, 'a record of 0 words'],
  ['a length beyond what there is', 0, 7, 'a record of 7 words'],
  ['a negative length', 0, -6, 'a record of -6 words'],
  ['a newer version', 1, 7 | ((recordVersion + 1) << 8), `a record of version ${recordVersion + 1}`],
  ['a kind that there is not', 1, 99 | (recordVersion << 8), 'unknown kind 99'],
])('%s', (_name, word, value, message) => {
  const words = closed.slice();
  words[word] = value;
  expect(() => readRecord(words, 0)).toThrow(message);
});

test.each([-1, 5, 400])('a text of %d bytes where there are four: refused', (bytes) => {
  const words = encodeRecord({ kind: 'passwordRenewed', user: 1, passwordHash: 'hash' });
  words[passwordField.passwordHashBytes] = bytes;
  const after = Int32Array.of(...words, ...closed);
  expect(() => readRecord(after, 0)).toThrow(
    `a record of ${words.length} words with a text of ${bytes} bytes`,
  );
});

test('a filler is no record, and may be of one word', () => {
  expect(readRecord(Int32Array.of(1), 0)).toBeUndefined();
  expect(readRecord(new RecordWriter().filler(2).taken(), 0)).toBeUndefined();
});

test('a record is found at its offset, and a text of a message is a view of the same memory', () => {
  const message = encodeRecord({
    kind: 'message',
    ...{ receiver: 1, sender: 2, sequence: 3, atMs: 4, text: Uint8Array.of(104, 105), key: '' },
  });
  const words = Int32Array.of(...closed, ...message);
  const record = readRecord(words, closed.length);
  expect(record).toMatchObject({ kind: 'message', receiver: 1, sequence: 3, text: Uint8Array.of(104, 105) });
  expect(record?.kind === 'message' && record.text.buffer === words.buffer).toBe(true);
});

test('no words hold no records', () => {
  expect(() => {
    forEachRecord(new Int32Array(0), () => {
      throw new Error('a record out of nothing');
    });
  }).not.toThrow();
});
