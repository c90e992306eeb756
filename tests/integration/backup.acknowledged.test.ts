/** Goal: a backup has what was acknowledged before it began, also when that is on its way to the disk still (relaxed). */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { TableMessage, TableRequest, TableSettings } from '../../shared/journal/journal-messages';
import { SegmentLog } from '../../shared/journal/segment-log';
import { JournalReader } from '../../shared/store/journal-reader';
import { Memory } from '../../shared/store/memory';
import { createStore } from '../../shared/store/store';
import { bytesOf } from '../support/journal-history';
import { ProductThread } from '../support/product-thread';
import { RecordWriter } from '../support/record-writer';
import { TemporaryFolder } from '../support/temporary-folder';

/** Of a disk that is slow, but not so slow that nobody waits for it. */
const syncMs = 1_000;

let folder: TemporaryFolder;
let copy: string;
let reader: JournalReader;
let thread: ProductThread<TableMessage>;
/** Up to where was acknowledged. */
let end: number;

/** A server that has acknowledged an account, of which nothing is on disk yet. */
beforeEach(async () => {
  folder = new TemporaryFolder();
  copy = folder.file('copy');
  const data = folder.file('data');
  mkdirSync(data);
  const writer = new RecordWriter();
  writer.userCreated(1, 1, 'ana', 'Ana', 'hash');
  const log = SegmentLog.open(path.join(data, 'journal'));
  end = log.append([bytesOf(writer.taken())]);
  log.sync();
  log.close();
  const store = createStore({
    threadsMax: 1,
    usersMax: 1,
    sessionsMax: 1,
    blocksMax: 100,
    inboxMessagesMax: 1,
  });
  reader = new JournalReader(new Memory(store));
  reader.markDurable(end);
  const settings: TableSettings = { store, folder: data, ringOrigin: 0, historyDays: 1, keepsHouse: false };
  thread = new ProductThread('table-worker.js', settings);
  await thread.heard('ready');
});
afterEach(async () => {
  tell({ kind: 'stop' });
  await thread.heard('stopped');
  folder.remove();
});

function tell(request: TableRequest): void {
  thread.tell(request);
}

test('it waits until that is on disk', async () => {
  const disk = setTimeout(() => {
    reader.markSynced(end);
  }, syncMs);
  tell({ kind: 'backup', id: 1, target: copy });
  expect(await thread.heard('done')).toEqual({ kind: 'done', id: 1, error: undefined });
  clearTimeout(disk);
  const log = SegmentLog.open(path.join(copy, 'journal'));
  expect(log.endPosition).toBe(end);
  log.close();
});

test('of a disk that takes nothing there is none, and it says so', async () => {
  tell({ kind: 'backup', id: 1, target: copy });
  expect((await thread.heard('done')).error).toMatchObject({ code: 'NOT_ON_DISK' });
});
