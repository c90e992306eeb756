/** Goal: whatever real threads do to one inbox at once, it answers as if they had come one after the other. */
import fc from 'fast-check';
import { countOverlaps, type InboxRecord, isLinearizable } from '../support/inbox-history';
import { recordedInboxMessagesMax, recordHistories } from '../support/recorded-histories';

describe('real threads', () => {
  test.each([
    { threads: 2, rounds: 300, operationsPerRound: 8 },
    { threads: 4, rounds: 150, operationsPerRound: 5 },
  ])(
    '$threads of them: $rounds histories of $operationsPerRound operations each are linearizable',
    async (shape) => {
      const { histories, findings, longWaits } = await recordHistories({
        ...shape,
        seed: Date.now() % 65_536,
      });
      const wrong = histories.filter((history) => !isLinearizable(history, recordedInboxMessagesMax));
      expect(wrong).toEqual([]);
      expect(findings).toEqual([]);
      expect(longWaits).toBe(0);
      const overlaps = histories.reduce((sum, history) => sum + countOverlaps(history), 0);
      const refused = histories.flat().filter((record) => record.kind === 'send' && record.outcome !== 'OK');
      process.stdout.write(
        `${histories.length} histories of ${shape.threads} threads: ${overlaps} overlapping pairs, ${refused.length} times full\n`,
      );
      expect(overlaps).toBeGreaterThan(histories.length / 2);
      expect(refused.length).toBeGreaterThan(0);
    },
  );
});

describe('the search for a linearization', () => {
  const send = (value: number, calledAt: number, returnedAt: number, outcome = 'OK'): InboxRecord => ({
    kind: 'send',
    value,
    outcome,
    calledAt,
    returnedAt,
  });
  const take = (values: number[], calledAt: number, returnedAt: number, messagesMax = 100): InboxRecord => ({
    kind: 'take',
    values,
    messagesMax,
    calledAt,
    returnedAt,
  });

  const fetch = (values: number[], calledAt: number, returnedAt: number): InboxRecord => ({
    kind: 'fetch',
    values,
    messagesMax: 100,
    calledAt,
    returnedAt,
  });
  const ack = (value: number, calledAt: number, returnedAt: number): InboxRecord => ({
    kind: 'ack',
    value,
    calledAt,
    returnedAt,
  });
  const unknownSend = (value: number, calledAt: number, returnedAt: number): InboxRecord =>
    send(value, calledAt, returnedAt, 'UNKNOWN_OUTCOME');
  const unknownTake = (calledAt: number, returnedAt: number): InboxRecord => ({
    kind: 'take',
    values: [],
    messagesMax: 100,
    isUnknown: true,
    calledAt,
    returnedAt,
  });

  test.each<[string, InboxRecord[]]>([
    ['an unknown send that happened', [unknownSend(1, 0, 1), take([1], 2, 3)]],
    ['an unknown send that did not', [unknownSend(1, 0, 1), take([], 2, 3)]],
    ['an unknown take that happened', [send(1, 0, 1), unknownTake(2, 3), take([], 4, 5)]],
    ['an unknown take that did not', [send(1, 0, 1), unknownTake(2, 3), take([1], 4, 5)]],
    ['one after the other', [send(1, 0, 1), send(2, 2, 3), take([1, 2], 4, 5), take([], 6, 7)]],
    ['sends at once arrive in either order', [send(1, 0, 5), send(2, 0, 5), take([2, 1], 6, 7)]],
    ['a take sees a send that has not returned', [send(1, 0, 9), take([1], 1, 2)]],
    ['a take misses a send that has not returned', [send(1, 0, 9), take([], 1, 2), take([1], 10, 11)]],
    ['a prefix', [send(1, 0, 1), send(2, 2, 3), take([1], 4, 5, 1), take([2], 6, 7)]],
    ['a fetch leaves what it shows', [send(1, 0, 1), fetch([1], 2, 3), fetch([1], 4, 5), take([1], 6, 7)]],
    ['an ack of all', [send(1, 0, 1), send(2, 2, 3), ack(2, 4, 5), fetch([], 6, 7)]],
    ['an ack of some', [send(1, 0, 1), send(2, 2, 3), ack(1, 4, 5), fetch([2], 6, 7)]],
    [
      'an ack of what is read',
      [send(1, 0, 1), send(2, 2, 3), take([1], 4, 5, 1), ack(1, 6, 7), take([2], 8, 9)],
    ],
    ['full at two', [send(1, 0, 1), send(2, 2, 3), send(3, 4, 5, 'INBOX_FULL'), take([1, 2], 6, 7)]],
    [
      'full, with a take at once',
      [send(1, 0, 1), send(2, 2, 3), send(3, 4, 9, 'INBOX_FULL'), take([1, 2], 4, 9)],
    ],
  ])('accepts: %s', (_, history) => {
    expect(isLinearizable(history, 2)).toBe(true);
  });

  test.each<[string, InboxRecord[]]>([
    ['an unknown send that happens twice', [unknownSend(1, 0, 1), take([1], 2, 3), take([1], 4, 5)]],
    ['an unknown send that happens too late', [unknownSend(1, 0, 1), take([], 2, 3), take([1], 4, 5)]],
    ['an unknown take that takes a part', [send(1, 0, 1), send(2, 0, 1), unknownTake(2, 3), take([2], 4, 5)]],
    ['an ack of too much', [send(1, 0, 1), send(2, 2, 3), ack(1, 4, 5), fetch([], 6, 7)]],
    ['an ack of too little', [send(1, 0, 1), send(2, 2, 3), ack(2, 4, 5), fetch([2], 6, 7)]],
    ['a fetch that takes', [send(1, 0, 1), fetch([1], 2, 3), take([], 4, 5)]],
    ['a message lost', [send(1, 0, 1), take([], 2, 3)]],
    ['a message delivered twice', [send(1, 0, 1), take([1], 2, 9), take([1], 2, 9)]],
    ['a message that nobody sent', [take([1], 0, 1)]],
    ['a message taken before it was sent', [take([1], 0, 1), send(1, 2, 3)]],
    ['messages in the wrong order', [send(1, 0, 1), send(2, 2, 3), take([2, 1], 4, 5)]],
    ['one skipped', [send(1, 0, 1), send(2, 2, 3), take([2], 4, 5), take([1], 6, 7)]],
    ['a prefix shorter than asked for', [send(1, 0, 1), send(2, 2, 3), take([1], 4, 5)]],
    ['full although it was not', [send(1, 0, 1), send(2, 2, 3, 'INBOX_FULL'), take([1], 4, 5)]],
    ['not full although it was', [send(1, 0, 1), send(2, 2, 3), send(3, 4, 5), take([1, 2, 3], 6, 7)]],
    [
      'an order that two takes contradict',
      [send(1, 0, 9), send(2, 0, 9), take([1], 10, 11, 1), send(3, 12, 13), take([3, 2], 14, 15)],
    ],
  ])('rejects: %s', (_, history) => {
    expect(isLinearizable(history, 2)).toBe(false);
  });

  /** What a queue answers to sends (true) and takes (false), with each interval stretched around its moment. */
  const history = fc
    .array(fc.tuple(fc.boolean(), fc.nat(30), fc.nat(30)), { minLength: 1, maxLength: 12 })
    .map((steps) => {
      const inbox: number[] = [];
      return steps.map(([isSend, before, after], index): InboxRecord => {
        const moment = index * 10;
        const [calledAt, returnedAt] = [moment - before - 1, moment + after + 1];
        if (!isSend) return take(inbox.splice(0), calledAt, returnedAt);
        if (inbox.length >= 2) return send(index, calledAt, returnedAt, 'INBOX_FULL');
        inbox.push(index);
        return send(index, calledAt, returnedAt);
      });
    });

  test('accepts every history that a queue could have made', () => {
    fc.assert(
      fc.property(history, (records) => {
        expect(isLinearizable(records, 2)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('rejects such a history when a message that was taken is missing, or in it twice', () => {
    fc.assert(
      fc.property(history, fc.boolean(), (records, isTwice) => {
        const at = records.findIndex((record) => record.kind === 'take' && record.values.length > 0);
        fc.pre(at >= 0);
        const found = records[at] as InboxRecord & { kind: 'take' };
        const values = isTwice ? [...found.values, found.values[0]!] : found.values.slice(1);
        const broken = records.with(at, { ...found, values });
        // The last take finds the inbox empty: nothing was left in it.
        expect(isLinearizable([...broken, take([], 1_000, 1_001)], 2)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
