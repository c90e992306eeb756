/** Goal: whichever operation on the disk fails, and however, nothing acknowledged is lost, no refused payload is ever
 * replayed, and the journal goes on when the disk does. */
import { SegmentLog } from '../../shared/journal/segment-log';
import { JournalHistory } from '../support/journal-history';
import { PowerCutFiles, systemError } from '../support/power-cut-files';
import type { Fault } from '../support/power-cut-files';

const segmentBytes = 256;
const folder = '/journal';
const faults: readonly Fault[] = ['before', 'half way', 'after'];

type Step = 'open' | 'reserve' | 'sync' | 'trim' | number;
/** Numbers are words to append. The journal is opened again half way. */
const steps: readonly Step[] = [
  ...(['open', 10, 'sync', 20, 'reserve', 20, 'sync', 30, 'sync', 'trim', 30, 30, 'sync'] as const),
  ...(['trim', 'reserve', 90, 'sync', 'reserve'] as const),
  ...(['open', 12, 12, 'sync', 'trim', 25, 'reserve', 25, 'sync', 4] as const),
];

class Run {
  readonly files = new PowerCutFiles();
  readonly history = new JournalHistory();
  readonly wrong: string[] = [];
  failureCount = 0;
  private log: SegmentLog | undefined;

  constructor(private readonly cutsAfterFailure: boolean) {}

  /** Tries each step until it succeeds: what a server does, with some time in between. */
  go(): this {
    for (const step of steps) {
      for (let tries = 0; !this.attempt(step); tries += 1) {
        if (tries > 20) throw new Error(`step ${step} goes on failing`);
        this.failureCount += 1;
        if (this.cutsAfterFailure) this.cutPower();
      }
    }
    this.cutPower();
    this.log?.close();
    if (this.files.openCount > 0) this.wrong.push(`${this.files.openCount} descriptors are left`);
    return this;
  }

  private attempt(step: Step): boolean {
    const { files, history } = this;
    const appendedBefore = [...history.appended];
    const trimmedBefore = history.trimmedPosition;
    try {
      if (step === 'open') {
        this.log?.close();
        this.log = undefined;
        this.log = SegmentLog.open(folder, { segmentBytes, files });
        this.wrong.push(...history.compare(this.log));
      } else if (step === 'reserve') this.log!.reserve(25, 2);
      else if (step === 'sync') history.sync(this.log!);
      else if (step === 'trim') history.trim(this.log!, history.appended.at(-1)!.position);
      else history.append(this.log!, step);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOSPC' && code !== 'EIO') throw error;
      // A refused payload was not taken; a trim may have been carried out in part.
      if (typeof step === 'number') history.appended = appendedBefore;
      if (step === 'trim') history.trimmedPosition = Math.max(trimmedBefore, history.trimmedPosition);
      return false;
    }
  }

  private cutPower(): void {
    for (const fate of ['kept', 'lost'] as const) {
      const left = this.files.cutPower(this.files.changeBytes.map(() => fate));
      const log = SegmentLog.open(folder, { segmentBytes, files: left });
      this.wrong.push(
        ...this.history
          .copy()
          .compare(log)
          .map((what) => `${fate}: ${what}`),
      );
    }
  }
}

test('operations that fail once, each in its turn, and the power goes then', () => {
  const operations = new Run(false).go().files.operationCount;
  let failures = 0;
  for (const fault of faults)
    for (let failing = 0; failing < operations; failing += 1) {
      const run = new Run(true);
      run.files.faultOf = (_kind, count) => (count === failing ? fault : 'none');
      run.go();
      failures += run.failureCount;
      expect({ failing, fault, wrong: run.wrong }).toEqual({ failing, fault, wrong: [] });
    }
  expect(operations).toBeGreaterThan(60);
  expect(failures).toBeGreaterThan(operations);
});

test('operations that fail several times on end, from each one on', () => {
  const operations = new Run(false).go().files.operationCount;
  for (const fault of faults)
    for (let failing = 0; failing < operations; failing += 1) {
      const run = new Run(false);
      run.files.faultOf = (_kind, count) => (count >= failing && count < failing + 7 ? fault : 'none');
      run.go();
      expect({ failing, fault, wrong: run.wrong }).toEqual({ failing, fault, wrong: [] });
    }
});

test('a payload that was refused is not replayed, even when all of it had been written', () => {
  const files = new PowerCutFiles();
  const log = SegmentLog.open(folder, { segmentBytes, files });
  log.append([new Uint8Array(8).fill(1)]);
  const writes = files.operationCount;
  files.faultOf = (_kind, count) => (count === writes ? 'after' : 'none');
  expect(() => log.append([new Uint8Array(8).fill(2)])).toThrow('ENOSPC');
  const left = files.cutPower(files.changeBytes.map(() => 'kept'));
  const read: string[] = [];
  SegmentLog.open(folder, { segmentBytes, files: left }).read(0, (payload) => read.push(payload.join()));
  expect(read).toEqual([[0x01010101, 0x01010101].join()]);
});

test('a sync that failed is not believed when it is tried again: what it lost is written anew', () => {
  const files = new PowerCutFiles();
  const log = SegmentLog.open(folder, { segmentBytes, files });
  log.append([new Uint8Array(8).fill(1)]);
  let failed = false;
  files.faultOf = (kind) => {
    if (kind !== 'syncData' || failed) return 'none';
    failed = true;
    return 'half way';
  };
  expect(() => {
    log.sync();
  }).toThrow('EIO');
  expect(log.syncedPosition).toBe(0);
  log.sync();
  expect(log.syncedPosition).toBe(2);
  const left = files.cutPower(files.changeBytes.map(() => 'lost'));
  expect(SegmentLog.open(folder, { segmentBytes, files: left }).endPosition).toBe(2);
});

test('a write that the system shortens is carried on', () => {
  class ShortWrites extends PowerCutFiles {
    override write(descriptor: number, bytes: Uint8Array, offsetBytes: number): number {
      return super.write(descriptor, bytes.subarray(0, 7), offsetBytes);
    }
  }
  const files = new ShortWrites();
  const log = SegmentLog.open(folder, { segmentBytes, files });
  const history = new JournalHistory();
  history.append(log, 30);
  history.sync(log);
  expect(history.compare(SegmentLog.open(folder, { segmentBytes, files }))).toEqual([]);
});

test('a write that takes nothing is an error, not a loop', () => {
  class NoWrites extends PowerCutFiles {
    override write(): number {
      return 0;
    }
  }
  expect(() => SegmentLog.open(folder, { segmentBytes, files: new NoWrites() })).toThrow('none of 256 bytes');
});

test('what cannot be read is an error, not an end', () => {
  const files = new PowerCutFiles();
  const log = SegmentLog.open(folder, { segmentBytes, files });
  log.append([new Uint8Array(8)]);
  log.sync();
  jest.spyOn(files, 'read').mockImplementation(() => {
    throw systemError('EIO');
  });
  expect(() => SegmentLog.open(folder, { segmentBytes, files })).toThrow('EIO');
});
