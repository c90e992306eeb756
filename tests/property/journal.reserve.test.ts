/** Goal: what a journal has reserved can be appended and synced on a disk that has no block left, whatever came before. */
import fc from 'fast-check';
import { SegmentLog } from '../../shared/journal/segment-log';
import { JournalHistory } from '../support/journal-history';
import { PowerCutFiles } from '../support/power-cut-files';

const folder = '/journal';
const segmentBytes = 2_048;
const wordCount = fc.integer({ min: 1, max: 120 });

interface Round {
  /** Words to append while there is space; 0 syncs. */
  readonly before: readonly number[];
  readonly trims: boolean;
  readonly reopens: boolean;
  /** Words to append, after their space was reserved, to a full disk. */
  readonly reserved: readonly number[];
  readonly syncsEach: boolean;
}

const round: fc.Arbitrary<Round> = fc.record({
  before: fc.array(fc.oneof({ weight: 3, arbitrary: wordCount }, fc.constant(0)), { maxLength: 12 }),
  trims: fc.boolean(),
  reopens: fc.boolean(),
  reserved: fc.array(wordCount, { maxLength: 5 }).filter((each) => sumOf(each) < 300),
  syncsEach: fc.boolean(),
});

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

test('reserved payloads need no space', () => {
  fc.assert(
    fc.property(fc.array(round, { minLength: 1, maxLength: 8 }), (rounds) => {
      const files = new PowerCutFiles();
      const history = new JournalHistory();
      let log = SegmentLog.open(folder, { segmentBytes, files });
      for (const { before, trims, reopens, reserved, syncsEach } of rounds) {
        for (const words of before)
          if (words > 0) history.append(log, words);
          else history.sync(log);
        if (trims) history.trim(log, log.syncedPosition);
        if (reopens) {
          log.close();
          log = SegmentLog.open(folder, { segmentBytes, files });
          expect(history.compare(log)).toEqual([]);
        }
        log.reserve(sumOf(reserved), reserved.length);
        files.isFull = true;
        for (const words of reserved) {
          history.append(log, words);
          if (syncsEach) history.sync(log);
        }
        history.sync(log);
        files.isFull = false;
      }
      log.close();
      expect(history.compare(SegmentLog.open(folder, { segmentBytes, files }))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a reservation that the disk refuses leaves the one before, and is made when there is space', () => {
  const files = new PowerCutFiles();
  const history = new JournalHistory();
  const log = SegmentLog.open(folder, { segmentBytes, files });
  history.append(log, 300);
  history.sync(log);
  // From here on it takes a part of the next segment.
  log.reserve(300, 3);
  files.isFull = true;
  expect(() => {
    log.reserve(400, 3);
  }).toThrow('ENOSPC');
  for (let count = 0; count < 3; count += 1) history.append(log, 100);
  history.sync(log);
  expect(() => {
    log.reserve(300, 3);
  }).toThrow('ENOSPC');
  files.isFull = false;
  log.reserve(300, 3);
  files.isFull = true;
  for (let count = 0; count < 3; count += 1) history.append(log, 100);
  history.sync(log);
  expect(history.compare(SegmentLog.open(folder, { segmentBytes, files }))).toEqual([]);
});

test('more than a segment holds cannot be reserved', () => {
  const log = SegmentLog.open(folder, { segmentBytes, files: new PowerCutFiles() });
  expect(() => {
    log.reserve(segmentBytes / 4, 1);
  }).toThrow(RangeError);
});
