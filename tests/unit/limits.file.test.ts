// Goal: what limits have counted outlives a restart; a damaged file is ignored and said.
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import pino from 'pino';
import { Limits } from '../../server/limits/limits';
import { LimitsFile } from '../../server/limits/limits-file';
import { TemporaryFolder } from '../support/temporary-folder';

const settings = {
  limitLoopback: true,
  floodRequests: 0,
  floodBytes: 0,
  maxConnectionsPerAddress: 0,
  registrationsPerHour: 2,
};

let folder: TemporaryFolder;
let nowMs: number;
let logged: string[];
beforeEach(() => {
  folder = new TemporaryFolder();
  nowMs = 1_700_000_000_000;
  logged = [];
});
afterEach(() => {
  folder.remove();
});

function open(): { limits: Limits; file: LimitsFile } {
  const log = pino({}, { write: (line: string) => logged.push(line) });
  const limits = new Limits(settings, log, () => nowMs);
  const file = new LimitsFile(folder.path, limits, log);
  file.load();
  return { limits, file };
}

function tryOnce(
  { passwords }: Limits,
  account: string,
  network: string,
  isRight = false,
  isKnown = true,
): number {
  const begun = passwords.begin({ kind: 'password', account, isKnown }, network, nowMs);
  if ('retryMs' in begun) return begun.retryMs;
  passwords.end(begun, isRight ? 'rightPassword' : 'wrongPassword', nowMs);
  return 0;
}

async function fillAndStop(): Promise<Limits> {
  const { limits, file } = open();
  tryOnce(limits, 'budi', '10.0.0.1', true);
  for (let count = 0; count < 40; count += 1) {
    tryOnce(limits, 'ana', '10.0.0.1');
    tryOnce(limits, 'rahasia', '10.0.0.2', false, false);
    tryOnce(limits, 'budi', `10.1.0.${count}`);
  }
  for (let count = 0; count < 3; count += 1) limits.registrations.take('10.0.0.1', nowMs);
  await file.stop();
  return limits;
}

test('counts, familiar places and registrations are as they were', async () => {
  const before = await fillAndStop();
  nowMs += 500;
  const { limits } = open();
  expect([...limits.heldBack()]).toEqual([...before.heldBack()]);
  expect([...limits.heldBack()].length).toBe(4);
  expect(tryOnce(limits, 'ana', '10.0.0.1')).toBe(500);
  expect(tryOnce(limits, 'rahasia', '10.0.0.2', false, false)).toBe(500);
  expect(tryOnce(limits, 'budi', '10.0.0.9', true)).toBeGreaterThan(0);
  expect(tryOnce(limits, 'budi', '10.0.0.1', true)).toBe(0);
  expect(limits.registrations.take('10.0.0.1', nowMs)).toBeGreaterThan(0);
});

test('the file is its owner’s alone and holds no name that nobody has', async () => {
  await fillAndStop();
  const file = folder.file('limits.jsonl');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain('rahasia');
});

test('without a change nothing is written', async () => {
  await open().file.stop();
  expect(folder.isEmpty).toBe(true);
});

test('times of a clock that was wrong make nobody wait longer', async () => {
  await fillAndStop();
  nowMs -= 1e12;
  const { limits } = open();
  expect(tryOnce(limits, 'ana', '10.0.0.1')).toBeLessThanOrEqual(1_000);
});

test.each([
  [
    'cut',
    (file: string) => {
      truncateSync(file, statSync(file).size - 30);
    },
  ],
  [
    'empty',
    (file: string) => {
      writeFileSync(file, '');
    },
  ],
  [
    'of another kind',
    (file: string) => {
      writeFileSync(file, '{"a": 1}\n{"rows": 0}\n');
    },
  ],
  [
    'with a row that is none',
    (file: string) => {
      edit(file, '"pair"', '"pear"');
    },
  ],
  [
    'with a figure that is none',
    (file: string) => {
      edit(file, ',5,', ',"5",');
    },
  ],
  [
    'with a row too few',
    (file: string) => {
      edit(file, /\n\["pair".*\n/, '\n');
    },
  ],
])('a file that is %s is ignored, with a warning', async (_what, damage) => {
  await fillAndStop();
  damage(folder.file('limits.jsonl'));
  logged = [];
  const { limits, file } = open();
  expect(logged.join('')).toContain('the limits are counted anew');
  expect([...limits.heldBack()]).toEqual([]);
  tryOnce(limits, 'ana', '10.0.0.1');
  await file.stop();
  expect(JSON.parse(readFileSync(folder.file('limits.jsonl'), 'utf8').trim().split('\n').at(-1)!)).toEqual({
    rows: 3,
  });
});

test('a folder that cannot be written to is said, and stops nothing', async () => {
  const { limits, file } = open();
  tryOnce(limits, 'ana', '10.0.0.1');
  folder.remove();
  await file.stop();
  expect(logged.join('')).toContain('the limits were not saved');
});

function edit(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(file, 'utf8');
  const edited = text.replace(from, to);
  if (edited === text) throw new Error('nothing was damaged');
  writeFileSync(file, edited);
}
