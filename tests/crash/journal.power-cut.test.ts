/** Goal: wherever the power goes, everything synced is replayed, nothing torn or stale is, and the journal goes on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as frame from '../../shared/journal/frame';
import * as segment from '../../shared/journal/segment';
import { SegmentLog } from '../../shared/journal/segment-log';
import { explorePowerCuts } from '../support/journal-power-cuts';
import type { JournalStep } from '../support/journal-power-cuts';

const append = (wordCount: number): JournalStep => ({ append: wordCount });
const reserve = (wordCount: number): JournalStep => ({ reserve: wordCount });
const killed = 'processes killed before their sync';
const scenarios: Readonly<Record<string, readonly JournalStep[]>> = {
  'one payload a sync': [append(5), 'sync', append(9), 'sync', append(1), 'sync'],
  'several payloads a sync': ['sync', append(5), append(5), append(7), append(5), 'sync', append(3)],
  'payloads that begin new segments': [
    append(40),
    append(30),
    append(30),
    'sync',
    append(50),
    append(20),
    'sync',
  ],
  'payloads longer than a segment': [
    append(10),
    append(200),
    append(3),
    'sync',
    append(150),
    'sync',
    append(4),
  ],
  'segments used again': [
    ...([append(40), 'sync', append(40), 'sync', append(40), 'sync', { trimLast: 1 }] as const),
    ...([append(40), append(40), 'sync', { trimLast: 1 }, append(9), append(9), append(9), 'sync'] as const),
  ],
  'more segments trimmed than are kept': [
    ...([
      append(50),
      append(50),
      append(50),
      append(50),
      append(50),
      'sync',
      { trimLast: 1 },
      append(50),
    ] as const),
  ],
  'segments reserved ahead': [
    ...([append(30), 'sync', reserve(40), append(20), append(40), reserve(30), 'sync'] as const),
    ...([reserve(40), 'kill', append(30), 'sync', reserve(40), { trimLast: 1 }, append(40), 'sync'] as const),
  ],
  [killed]: [append(6), append(8), 'kill', append(6), 'sync', append(5), 'kill', 'sync'],
};
const options = { segmentBytes: 256, againEvery: 25, violationsMax: 10 };

describe('the power goes at any sync, and anything that was not synced is there, torn, or not:', () => {
  let cuts = 0;

  afterAll(() => {
    process.stdout.write(`power cuts tried: ${cuts}, in ${Object.keys(scenarios).length} scenarios\n`);
  });

  test.each(Object.keys(scenarios))('%s', (name) => {
    const report = explorePowerCuts(scenarios[name]!, options);
    cuts += report.cuts;
    expect(report.violations).toEqual([]);
    expect(report.cuts).toBeGreaterThan(100);
  });
});

test('what a power cut leaves is opened in the same way from real files', () => {
  let index = 0;
  const wrong: string[] = [];
  const onCut: Parameters<typeof explorePowerCuts>[1]['onCut'] = (files, history) => {
    index += 1;
    if (index % 10 !== 0) return;
    const folder = mkdtempSync(path.join(tmpdir(), 'benang-journal-'));
    for (const [name, bytes] of files.contents()) writeFileSync(path.join(folder, name), bytes);
    const log = SegmentLog.open(folder, { segmentBytes: options.segmentBytes });
    const expected = history.copy();
    wrong.push(...expected.compare(log));
    expected.append(log, 7);
    expected.sync(log);
    log.close();
    const again = SegmentLog.open(folder, { segmentBytes: options.segmentBytes });
    wrong.push(...expected.compare(again));
    again.close();
    rmSync(folder, { recursive: true });
  };
  for (const name of ['several payloads a sync', 'segments used again'])
    explorePowerCuts(scenarios[name]!, { ...options, againEvery: 0, onCut });
  expect(index).toBeGreaterThan(100);
  expect(wrong).toEqual([]);
});

describe('the exploration notices when', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Whether a scenario finds a violation; one is enough. */
  const isNoticed = (names: readonly string[], liesAbout?: 'syncData' | 'syncFolder'): boolean =>
    names.some((name) => {
      const flawed = { ...options, againEvery: 0, violationsMax: 1 };
      const report = explorePowerCuts(
        scenarios[name]!,
        liesAbout === undefined ? flawed : { ...flawed, liesAbout },
      );
      return report.violations.length > 0;
    });

  test('checksums are not compared', () => {
    jest.spyOn(frame, 'isWhole').mockReturnValue(true);
    expect(isNoticed([killed])).toBe(true);
  });

  test('frames of an earlier use of the file are taken', () => {
    const isHeader = frame.isHeaderOf;
    jest
      .spyOn(frame, 'isHeaderOf')
      .mockImplementation((_use, words, at) =>
        isHeader(
          { generation: words[at + frame.frameWord.generation]!, salt: words[at + frame.frameWord.salt]! },
          words,
          at,
        ),
      );
    expect(isNoticed([killed])).toBe(true);
  });

  test('two attempts to begin a segment are not told apart', () => {
    jest.spyOn(segment, 'drawSalt').mockReturnValue(1);
    expect(isNoticed([killed])).toBe(true);
  });

  test('what a killed process left in the cache is taken to be on disk', () => {
    const stamp = frame.stampFrame;
    jest.spyOn(frame, 'stampFrame').mockImplementation((bytes, given) => {
      const endPosition = given.position + bytes.length / 4 - frame.frameHeaderWords;
      stamp(bytes, { ...given, syncedPosition: endPosition });
    });
    expect(isNoticed([killed])).toBe(true);
  });

  test.each(['syncData', 'syncFolder'] as const)('%s does nothing', (kind) => {
    expect(isNoticed(Object.keys(scenarios), kind)).toBe(true);
  });
});
