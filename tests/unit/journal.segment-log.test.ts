/** Goal: the journal's files are what their format says; damage is reported with its place, and never skipped. */
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { payloadWordsMax } from '../../shared/journal/frame';
import { SegmentLog } from '../../shared/journal/segment-log';
import { SegmentReader } from '../../shared/journal/segment-reader';
import { JournalHistory, bytesOf, freshWords } from '../support/journal-history';
import { TemporaryFolder } from '../support/temporary-folder';

const segmentBytes = 256;
/** 32 bytes of header, 40 of payload: three to a segment. */
const payloadWords = 10;
const temporary = new TemporaryFolder();
let folder = '';
let count = 0;

beforeEach(() => {
  count += 1;
  folder = temporary.file(`journal-${count}`);
});
afterAll(() => {
  temporary.remove();
});

const open = (size = segmentBytes): SegmentLog => SegmentLog.open(folder, { segmentBytes: size });
/** For `toThrow`: an error that has these properties. */
const errorWith = (properties: object): Error => expect.objectContaining(properties) as Error;
const files = (): string[] => readdirSync(folder).sort();
const segments = (): string[] => files().filter((name) => name.startsWith('segment-'));

/** A journal of so many payloads, each synced, and closed. */
function write(payloads: number): JournalHistory {
  const history = new JournalHistory();
  const log = open();
  for (let index = 0; index < payloads; index += 1) {
    history.append(log, payloadWords);
    history.sync(log);
  }
  log.close();
  return history;
}

function overwrite(name: string, offsetBytes: number, bytes: Uint8Array): void {
  const descriptor = openSync(path.join(folder, name), 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, offsetBytes);
  closeSync(descriptor);
}

test('the folder and its files are for their owner alone', () => {
  write(1);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(segments().map((name) => statSync(path.join(folder, name)).mode & 0o777)).toEqual([0o600]);
});

test('a new segment has its size from its first frame on, as far as one step goes', () => {
  const log = open(8 * 1024 * 1024);
  log.append([new Uint8Array(4)]);
  expect(statSync(path.join(folder, segments()[0]!)).size).toBe(1024 * 1024);
  for (let index = 0; index < 5; index += 1) log.append([new Uint8Array(1024 * 1024)]);
  expect(statSync(path.join(folder, segments()[0]!)).size).toBe(6 * 1024 * 1024);
  log.close();
});

test('an empty folder begins where it is told, and one that is not goes on from its own end', () => {
  let log = SegmentLog.open(folder, { segmentBytes, startPosition: 2 ** 40 });
  expect(log.append([new Uint8Array(8)])).toBe(2 ** 40 + 2);
  log.sync();
  log.close();
  log = SegmentLog.open(folder, { segmentBytes, startPosition: 7 });
  expect([log.firstPosition, log.endPosition, log.syncedPosition]).toEqual([
    2 ** 40,
    2 ** 40 + 2,
    2 ** 40 + 2,
  ]);
  log.close();
});

test('parts may lie in shared memory, begin at any byte, and be changed after the call', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(16)).fill(7);
  const log = open();
  log.append([shared.subarray(1, 4), shared.subarray(5, 10)]);
  shared.fill(9);
  log.sync();
  const read: number[] = [];
  log.read(0, (payload) => read.push(...payload));
  expect(read).toEqual([0x07070707, 0x07070707]);
  log.close();
});

test('payloads that are none are refused', () => {
  const log = open();
  for (const bytes of [0, 3, 6, payloadWordsMax * 4 + 4])
    expect(() => log.append([new Uint8Array(bytes)])).toThrow(`a payload of ${bytes} bytes`);
  log.close();
  expect(() => open(100)).toThrow('a segment of 100 bytes');
  expect(() => open(1001)).toThrow('a segment of 1001 bytes');
});

test('the longest payload has a segment of its own, which is not used again', () => {
  const words = freshWords(payloadWordsMax);
  const log = open(4096);
  log.append([bytesOf(words)]);
  const end = log.append([new Uint8Array(4)]);
  log.sync();
  let wholeWords = 0;
  log.read(0, (payload) => {
    wholeWords = Math.max(wholeWords, payload.length);
    if (payload.length > 1) expect(Buffer.compare(bytesOf(payload), bytesOf(words))).toBe(0);
  });
  expect(wholeWords).toBe(payloadWordsMax);
  log.trim(end);
  expect(files().map((name) => statSync(path.join(folder, name)).size)).toEqual([4096]);
  log.close();
});

test('trimmed segments are used again, up to two wait, and the rest is removed', () => {
  const history = new JournalHistory();
  const log = open();
  for (let index = 0; index < 18; index += 1) history.append(log, payloadWords);
  history.sync(log);
  expect(segments()).toHaveLength(6);
  history.trim(log, history.endPosition);
  expect(segments()).toHaveLength(1);
  expect(files()).toHaveLength(3);
  for (let index = 0; index < 6; index += 1) history.append(log, payloadWords);
  expect(files()).toHaveLength(3);
  log.close();
  const again = open();
  expect(history.compare(again)).toEqual([]);
  again.close();
});

test('opening again and again leaves no more files', () => {
  const history = write(2);
  for (let index = 0; index < 10; index += 1) open().close();
  const log = open();
  expect(history.compare(log)).toEqual([]);
  expect(files().length).toBeLessThanOrEqual(4);
  log.close();
});

test('what is not on disk cannot be trimmed, and what was trimmed cannot be read', () => {
  const history = new JournalHistory();
  const log = open();
  for (let index = 0; index < 8; index += 1) history.append(log, payloadWords);
  const end = log.endPosition;
  expect(() => {
    log.trim(end);
  }).toThrow('is not on disk');
  history.sync(log);
  log.trim(end);
  const ignore = (): void => undefined;
  expect(() => {
    log.read(0, ignore);
  }).toThrow(errorWith({ code: 'JOURNAL_TRIMMED' }));
  expect(() => {
    log.read(end + 1, ignore);
  }).toThrow(errorWith({ code: 'JOURNAL_DAMAGED' }));
  log.close();
});

test('a byte that changed anywhere among synced frames is damage; only the last frame may be a torn one', () => {
  const history = write(5);
  const intact = `${folder}-intact`;
  cpSync(folder, intact, { recursive: true });
  const names = segments();
  const usedBytes = [32 + 3 * 72, 32 + 2 * 72];
  const lastFrameBytes = 32 + 72;
  let torn = 0;
  names.forEach((name, segment) => {
    const bytes = readFileSync(path.join(intact, name));
    for (let offset = 0; offset < usedBytes[segment]!; offset += 1) {
      rmSync(folder, { recursive: true });
      cpSync(intact, folder, { recursive: true });
      overwrite(name, offset, Uint8Array.of(bytes[offset]! ^ 0x10));
      if (segment === 1 && offset >= lastFrameBytes) {
        torn += 1;
        const log = open();
        expect(log.endPosition).toBe(4 * payloadWords);
        log.close();
      } else {
        const frameOffset = offset < 32 ? 0 : offset - ((offset - 32) % 72);
        const code = offset >= 4 && offset < 8 ? /JOURNAL_VERSION|JOURNAL_DAMAGED/ : /JOURNAL_DAMAGED/;
        const file = path.join(folder, name);
        expect(() => open()).toThrow(
          errorWith({
            code: expect.stringMatching(code) as string,
            file,
            offsetBytes: frameOffset,
          }),
        );
      }
    }
  });
  expect(torn).toBe(72);
  expect(history.endPosition).toBe(5 * payloadWords);
});

test('a segment that is missing in the middle, or cut short, is damage', () => {
  write(8);
  const [first, second] = segments();
  const bytes = readFileSync(path.join(folder, second!));
  rmSync(path.join(folder, second!));
  expect(() => open()).toThrow(
    errorWith({ code: 'JOURNAL_DAMAGED', file: path.join(folder, first!), offsetBytes: 248 }),
  );
  writeFileSync(path.join(folder, second!), bytes.subarray(0, 100));
  expect(() => open()).toThrow(
    errorWith({ code: 'JOURNAL_DAMAGED', file: path.join(folder, second!), offsetBytes: 32 }),
  );
});

test('a newer format is refused with its version', () => {
  write(1);
  overwrite(segments()[0]!, 4, Uint8Array.of(2));
  expect(() => open()).toThrow(errorWith({ code: 'JOURNAL_VERSION' }));
  expect(() => open()).toThrow('the format is of version 2');
});

test('files of other names are left alone', () => {
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'README'), 'by hand');
  write(3);
  expect(readFileSync(path.join(folder, 'README'), 'utf8')).toBe('by hand');
});

test('a reader goes on where it was while the writer trims behind it and uses the files again', () => {
  const history = new JournalHistory();
  const log = open();
  const reader = new SegmentReader(folder);
  let at = 0;
  const read: number[] = [];
  for (let round = 0; round < 30; round += 1) {
    history.append(log, 1 + (round % 25));
    history.append(log, payloadWords);
    history.sync(log);
    reader.read(at, log.syncedPosition, (payload) => read.push(...payload));
    at = log.syncedPosition;
    log.trim(at);
  }
  expect(read).toEqual(history.appended.flatMap(({ words }) => [...words]));
  expect(files().length).toBeLessThanOrEqual(3);
  expect(() => {
    reader.read(0, at, () => undefined);
  }).toThrow(errorWith({ code: 'JOURNAL_TRIMMED' }));
  expect(() => {
    reader.read(at, at + 5, () => undefined);
  }).toThrow(errorWith({ code: 'JOURNAL_DAMAGED' }));
  reader.close();
  log.close();
});
