/** Goal: a time is written as `Date` writes it, for every millisecond that a message can have. */
import fc from 'fast-check';
import { ReplyWriter } from '../../shared/protocol/reply-writer';
import { timestampBytes, writeTimestamp } from '../../shared/protocol/timestamp';

const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

function written(atMs: number): string {
  const target = new Uint8Array(timestampBytes);
  const reply = new ReplyWriter(target, target.length);
  writeTimestamp(reply, atMs);
  return Buffer.from(target.subarray(0, reply.at)).toString('latin1');
}

test('any time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: lastMs }), (atMs) => {
      expect(written(atMs)).toBe(new Date(atMs).toISOString());
    }),
    { numRuns: 2_000 },
  );
});

test('every day of the 400 years that a calendar takes to come round', () => {
  for (let day = 0; day < 146_097; day += 1) {
    const atMs = (day + (day % 2)) * 86_400_000 - (day % 2);
    if (written(atMs) !== new Date(atMs).toISOString()) throw new Error(`${atMs} is ${written(atMs)}`);
  }
});

test.each([0, 1, 999, 1_000, lastMs, Date.UTC(2000, 1, 29), Date.UTC(2100, 1, 28, 23, 59, 59, 999)])(
  '%d ms',
  (atMs) => {
    expect(written(atMs)).toBe(new Date(atMs).toISOString());
  },
);
