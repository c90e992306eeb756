/**
 * Goal: tables that stay where they are, because they are copied or cannot be written, while the ring goes round more
 * than once are neither forgotten nor taken to be further than they are.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  JournalMessage,
  JournalSettings,
  TableMessage,
  TableSettings,
} from '../../shared/journal/journal-messages';
import { segmentsAmong } from '../../shared/journal/segment';
import { SegmentLog } from '../../shared/journal/segment-log';
import { header } from '../../shared/store/header';
import { JournalReader, stopJournal } from '../../shared/store/journal-reader';
import { Memory } from '../../shared/store/memory';
import { createStore } from '../../shared/store/store';
import { bytesOf } from '../support/journal-history';
import { ProductThread } from '../support/product-thread';
import { RecordWriter } from '../support/record-writer';
import { TemporaryFolder } from '../support/temporary-folder';

const capacity = {
  threadsMax: 1,
  usersMax: 1,
  sessionsMax: 1,
  blocksMax: 100,
  inboxMessagesMax: 1,
  ringWords: 32_768,
};
const start = 2 ** 33;

let folder: TemporaryFolder;
let data: string;
let journal: string;
let memory: Memory;
let reader: JournalReader;
let thread: ProductThread<TableMessage | JournalMessage> | undefined;

beforeEach(() => {
  folder = new TemporaryFolder();
  data = folder.file('data');
  mkdirSync(data);
  journal = path.join(data, 'journal');
  memory = new Memory(createStore(capacity));
  reader = new JournalReader(memory);
});
afterEach(async () => {
  await thread?.terminate();
  folder.remove();
});

/** Writes an account into a segment of its own; returns the position after it. */
function writeSegment(user: number, startPosition: number): number {
  const writer = new RecordWriter();
  writer.userCreated(user, 1, `user${user}`, 'User', 'hash');
  const log = SegmentLog.open(journal, { startPosition });
  const end = log.append([bytesOf(writer.taken())]);
  log.sync();
  log.close();
  return end;
}

async function startThread(
  entryPoint: string,
  settings: JournalSettings | TableSettings,
): Promise<ProductThread<TableMessage | JournalMessage>> {
  thread = new ProductThread(entryPoint, settings);
  await thread.heard('ready');
  return thread;
}

/** What is left of the journal after its thread has seen the tables at a position of the journal. */
async function segmentsKept(ringOrigin: number, applied: number): Promise<number[]> {
  reader.markApplied(start - 2 ** 34 - ringOrigin);
  const settings: JournalSettings = { store: memory.buffer, folder: data, durability: 'sync', ringOrigin };
  const writer = await startThread('journal-worker.js', settings);
  while (memory.load(header.readerSleeps) === 0) await nextTurn();
  reader.markApplied(applied - ringOrigin);
  stopJournal(memory);
  await writer.heard('stopped');
  return segmentsAmong(readdirSync(journal)).map(({ firstPosition }) => firstPosition);
}

test.each([
  [2 ** 31 + 5, 'further back than 32 bits can tell'],
  [2 ** 32, 'a whole round of 32 bits back'],
])('the journal keeps what the tables have not taken over, %d words: %s', async (wordsBehind) => {
  const second = writeSegment(1, start);
  const end = writeSegment(2, start);
  const kept = await segmentsKept(end, second - wordsBehind);
  expect(kept.slice(0, 2)).toEqual([start, second]);
});

test('the journal lets go of what the tables have taken over at last', async () => {
  const second = writeSegment(1, start);
  const end = writeSegment(2, start);
  const kept = await segmentsKept(end, second);
  expect(kept[0]).toBe(second);
});

test('tables 2^31 words behind what is on disk go on from where they are', async () => {
  const end = writeSegment(1, 0);
  const settings: TableSettings = {
    store: memory.buffer,
    folder: data,
    ringOrigin: 0,
    historyDays: 1,
    keepsHouse: false,
  };
  const tables = await startThread('table-worker.js', settings);
  // So much more than there is here: that it is looked for, and not taken for what came before, is what can be seen.
  reader.markSynced(end + 2 ** 31);
  reader.markDurable((end + 2 ** 31) | 0);
  tables.tell({ kind: 'catchUp', id: 1 });
  await tables.heard('failing');
  expect(await tables.heard('done')).toMatchObject({ error: { code: 'JOURNAL_DAMAGED' } });
  reader.markSynced(end);
  tables.tell({ kind: 'stop' });
  await tables.heard('stopped');
  expect(reader.applied).toBe(end);
});
