/** Goal: on a real filesystem that is full, payloads are refused, and taken again when there is space. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SegmentLog } from '../../shared/journal/segment-log';
import { JournalHistory } from '../support/journal-history';
import { SmallFilesystem } from '../support/small-filesystem';
import type { FilesystemKind } from '../support/small-filesystem';

const segmentBytes = 512 * 1024;
const payloadWords = 16 * 1024;

/** Appends and syncs until the disk is full. @returns how many payloads fitted. */
function fill(log: SegmentLog, history: JournalHistory): number {
  for (let count = 0; count < 1_000; count += 1) {
    const appendedBefore = [...history.appended];
    try {
      history.append(log, payloadWords);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
      history.appended = appendedBefore;
      return count;
    }
    history.sync(log);
  }
  throw new Error('the disk does not become full');
}

test.each<FilesystemKind>(['tmpfs', 'ext4'])('%s', (kind) => {
  const filesystem = SmallFilesystem.mount(kind, 6);
  if (filesystem === undefined) return;
  try {
    const ballast = path.join(filesystem.path, 'ballast');
    writeFileSync(ballast, Buffer.alloc(1024 * 1024));
    const folder = path.join(filesystem.path, 'journal');
    const log = SegmentLog.open(folder, { segmentBytes });
    const history = new JournalHistory();
    expect(fill(log, history)).toBeGreaterThan(20);
    expect(fill(log, history)).toBe(0);
    expect(history.copy().compare(log)).toEqual([]);

    rmSync(ballast);
    expect(fill(log, history)).toBeGreaterThan(8);
    history.trim(log, history.appended[40]!.position);
    expect(fill(log, history)).toBeGreaterThan(8);
    log.close();

    // A server that is started on a full disk can read, and make room.
    const again = SegmentLog.open(folder, { segmentBytes });
    expect(history.compare(again)).toEqual([]);
    expect(() => {
      again.sync();
    }).toThrow('ENOSPC');
    expect(() => again.append([new Uint8Array(4)])).toThrow('ENOSPC');
    history.trim(again, history.appended.at(-10)!.position);
    expect(fill(again, history)).toBeGreaterThan(8);
    again.close();

    const last = SegmentLog.open(folder, { segmentBytes });
    expect(history.compare(last)).toEqual([]);
    last.close();
  } finally {
    filesystem.unmount();
  }
});
