/** Goal: what a slot holds between its segments is no part of any, whatever an earlier batch left there. */
import {
  type BatchSlot,
  createBatchArea,
  openBatchSlots,
  requestAreaBytes,
  segmentFlag,
} from '../../shared/batch/batch-area';

const result = { replyStart: 0, replyEnd: 0, user: 0, position: 0, flags: 0 };

/** The last slot of several, full of what an earlier batch left. */
function usedSlot(left = '\n'): BatchSlot {
  const slot = openBatchSlots(createBatchArea(3))[2]!;
  slot.requests.fill(left);
  slot.clear();
  return slot;
}

function segmentsOf(slot: BatchSlot): string[] {
  return Array.from({ length: slot.segmentCount }, (_, index) =>
    slot.requests.toString('latin1', slot.requestStart(index), slot.requestEnd(index)),
  );
}

test('segments of all lengths, short and long, are what was added, and start where copying is fast', () => {
  const slot = usedSlot();
  const added = [...Array(20).keys(), 255, 256, 257, 300, 301].map((length) => `${'x'.repeat(length)}\n`);
  // As a socket's buffer: more than the lines.
  for (const lines of added) slot.add(Buffer.from(`${lines}behind`), lines.length);
  expect(segmentsOf(slot)).toEqual(added);
  added.forEach((lines, index) => {
    expect((slot.requests.byteOffset + slot.requestStart(index)) % 8).toBe(0);
    expect(slot.requestCount(index)).toBe(1);
    expect(slot.copyUnconsumed(index).toString('latin1')).toBe(lines);
  });
});

test('a segment fills the area to its last byte, and a longer one is not accepted', () => {
  const slot = usedSlot();
  slot.add(Buffer.from('ping\n'));
  const restBytes = requestAreaBytes - 8;
  expect(slot.accepts(restBytes + 1)).toBe(false);
  expect(slot.accepts(restBytes)).toBe(true);
  slot.add(Buffer.alloc(restBytes, '\n'));
  expect(slot.requestEnd(1)).toBe(requestAreaBytes);
  expect(slot.requestCount(1)).toBe(restBytes);
  expect(slot.accepts(1)).toBe(false);
});

test.each([
  ['', '\n'],
  ['', 'x'],
  ['ping\n', '\n'],
  ['ping\n', 'x'],
])('a deferred command behind %j is taken back to its own start, beside %j', (before, left) => {
  const slot = usedSlot(left);
  slot.add(Buffer.from('ping\n'));
  slot.add(Buffer.from(`${before}auth messi x\nping\n`));
  slot.begin(1);
  const consumedEnd = slot.requestEnd(1) - 'ping\n'.length;
  slot.setResult(1, { ...result, consumedEnd, flags: segmentFlag.hasRest });
  slot.takeBackRest(1);
  expect(slot.copyUnconsumed(1).toString('latin1')).toBe('auth messi x\nping\n');
  expect(slot.requestCount(1)).toBe(before === '' ? 2 : 3);
});
