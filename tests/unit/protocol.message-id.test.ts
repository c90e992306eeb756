/** Goal: every message has one id, every id is of one message, and anything else is told to be none. */
import fc from 'fast-check';
import {
  formatMessageId,
  MessageId,
  messageIdBytesMax,
  writeMessageId,
} from '../../shared/protocol/message-id';
import { ReplyWriter } from '../../shared/protocol/reply-writer';

const sequence = fc.oneof(
  fc.integer({ min: 1, max: 2_000 }),
  fc.maxSafeNat().filter((value) => value > 0),
);
const number = fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }));
const receiver = fc.tuple(number, fc.boolean()).map(([value, isRoom]) => (isRoom ? -value : value));

function read(text: string): [number, number] | undefined {
  const id = new MessageId();
  const bytes = Buffer.from(`<${text}>`, 'utf8');
  return id.read(bytes, 1, bytes.length - 1) ? [id.sequence, id.receiver] : undefined;
}

function written(...[at, to]: [number, number]): string {
  const target = new Uint8Array(messageIdBytesMax);
  const reply = new ReplyWriter(target, target.length);
  writeMessageId(reply, at, to);
  return Buffer.from(target.subarray(0, reply.at)).toString('latin1');
}

test('what is written is read back, and is the same as text', () => {
  fc.assert(
    fc.property(sequence, receiver, (at, to) => {
      expect(read(written(at, to))).toEqual([at, to]);
      expect(written(at, to)).toBe(formatMessageId(at, to));
    }),
  );
});

test('ids of users and of rooms never look alike', () => {
  expect([formatMessageId(71, 2), formatMessageId(71, -2)]).toEqual(['1z-2', '1z-R2']);
  // The number of this user is `r1` in base 36.
  expect(formatMessageId(71, 973)).toBe('1z-r1');
  expect(formatMessageId(71, -1)).toBe('1z-R1');
  expect(formatMessageId(Number.MAX_SAFE_INTEGER, 1 - 2 ** 31)).toHaveLength(messageIdBytesMax);
});

test('whatever is read is written the same way: there is no second way to write an id', () => {
  const text = fc.string({ unit: fc.constantFrom(...'019azrR-ABé '.split('')), maxLength: 22 });
  const likely = fc.tuple(text, text).map(([left, right]) => `${left}-${right}`);
  let understood = 0;
  fc.assert(
    fc.property(fc.oneof(text, likely), (candidate) => {
      const found = read(candidate);
      if (found === undefined) return;
      understood += 1;
      expect(written(...found)).toBe(candidate);
    }),
    { numRuns: 5_000 },
  );
  expect(understood).toBeGreaterThan(20);
});

test.each([
  '',
  '-',
  '1',
  '1-',
  '-1',
  '1-R',
  '0-1',
  '01-1',
  '1-0',
  '1-01',
  '1-R0',
  '1-Rr-',
  '1--1',
  '1-1-1',
  ' 1-1',
  '1-1 ',
  'A-1',
  '1-A',
  '1-zik0zk',
  '2gosa7pa2gw-1',
  'zzzzzzzzzzzz-1',
  '1-é',
])('%j is none', (text) => {
  expect(read(text)).toBeUndefined();
});
