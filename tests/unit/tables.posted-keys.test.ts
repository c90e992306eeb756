/** Goal: idempotency keys are handed out newest first, and forgotten by age and number, never too early. */
import type { RecordWriter } from '../support/record-writer';
import { WrittenTables, writtenAtMs as nowMs } from '../support/written-tables';
import type { Tables } from '../../workers/tables/tables';

const hourMs = 3_600_000;
const runKeys = 100;

let written: WrittenTables;
let tables: Tables;
let writer: RecordWriter;
let sequence: number;

beforeEach(async () => {
  written = await WrittenTables.open({ keepHistory: false });
  ({ tables, writer } = written);
  writer.userCreated(1, nowMs, 'budi', 'Budi', 'hash').userCreated(2, nowMs, 'siti', 'Siti', 'hash');
  writer.roomCreated(1, 1, 1, nowMs, 'pasar');
  sequence = 1;
});
afterEach(async () => {
  await written.remove();
});

/** A run of posts at one time, with messages without a key between them. */
function post(atMs: number, count = runKeys): void {
  for (let message = 0; message < count; message += 1) {
    writer.message(2, 1, (sequence += 1), atMs, 'no key');
    writer.message(message % 3 === 0 ? -1 : 2, 1, (sequence += 1), atMs, 'halo', `key-${sequence}`);
  }
  written.apply();
}

function keptSequences(): number[] {
  return [...tables.postedKeys()].map((posted) => posted.sequence);
}

test('each key has its message, to a user or a room, the newest first', () => {
  writer.message(2, 1, 5, nowMs, 'halo', 'a').message(2, 1, 6, nowMs, 'no key');
  writer.message(-1, 2, 9, nowMs + 1, 'salam', 'x'.repeat(64));
  written.apply();
  writer.message(1, 2, 12, nowMs + 2, 'lagi', 'a');
  written.apply();
  expect([...tables.postedKeys()]).toEqual([
    { sender: 2, key: 'a', receiver: 1, sequence: 12, atMs: nowMs + 2 },
    { sender: 2, key: 'x'.repeat(64), receiver: -1, sequence: 9, atMs: nowMs + 1 },
    { sender: 1, key: 'a', receiver: 2, sequence: 5, atMs: nowMs },
  ]);
});

test('more keys in a run than a chunk holds', () => {
  post(nowMs, 5_000);
  const kept = keptSequences();
  expect(kept).toHaveLength(5_000);
  expect(kept).toEqual([...kept].sort((left, right) => right - left));
  expect(tables.check()).toEqual([]);
});

test('keys are forgotten by age: whole chunks, and only when all in them are old', () => {
  for (let hour = 0; hour < 5; hour += 1) post(nowMs + hour * hourMs);
  const limit = (hours: number) => ({ beforeMs: nowMs + hours * hourMs, keysMax: 1_000_000 });
  expect(tables.expirePostedKeys(limit(0))).toBe(0);
  expect(tables.expirePostedKeys(limit(1))).toBe(1);
  expect(keptSequences()).toHaveLength(4 * runKeys);
  expect(tables.expirePostedKeys(limit(4), 2)).toBe(2);
  expect(tables.expirePostedKeys(limit(4), 2)).toBe(1);
  expect(tables.expirePostedKeys(limit(4), 2)).toBe(0);
  expect(keptSequences()).toHaveLength(runKeys);
  expect(tables.check()).toEqual([]);
});

test('a key is not forgotten with those that came after it while the clock was set back', () => {
  writer
    .message(2, 1, (sequence += 1), nowMs, 'halo', 'before')
    .message(2, 1, (sequence += 1), 1, 'halo', 'set-back');
  written.apply();
  expect(tables.expirePostedKeys({ beforeMs: nowMs - 24 * hourMs, keysMax: 1_000_000 })).toBe(0);
  expect(keptSequences()).toEqual([sequence, sequence - 1]);
});

test('keys are forgotten by number: never one of the newest', () => {
  for (let run = 0; run < 5; run += 1) post(nowMs);
  const limit = (keysMax: number) => ({ beforeMs: 0, keysMax });
  expect(tables.expirePostedKeys(limit(5 * runKeys))).toBe(0);
  expect(tables.expirePostedKeys(limit(4 * runKeys + 1))).toBe(0);
  expect(tables.expirePostedKeys(limit(4 * runKeys))).toBe(1);
  expect(tables.expirePostedKeys(limit(runKeys + 1), 1)).toBe(1);
  expect(tables.expirePostedKeys(limit(runKeys + 1), 1)).toBe(1);
  expect(tables.expirePostedKeys(limit(runKeys + 1), 1)).toBe(0);
  expect(keptSequences()).toHaveLength(2 * runKeys);
});
