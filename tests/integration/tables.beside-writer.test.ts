/** Goal: a thread that reads the tables beside the one that writes them sees whole moments, and may die at any of them. */
import { once } from 'node:events';
import { statSync } from 'node:fs';
import path from 'node:path';
import { startWorker } from '../support/compiled-worker';
import type { RecordWriter } from '../support/record-writer';
import { WrittenTables, writtenAtMs as nowMs } from '../support/written-tables';
import { conversationOf } from '../../workers/tables/keys';
import { searchWordsOf } from '../../workers/tables/search';
import { Tables } from '../../workers/tables/tables';

const userCount = 20;

let written: WrittenTables;
let tables: Tables;
let writer: RecordWriter;
let sequence: number;

beforeEach(async () => {
  written = await WrittenTables.open();
  ({ tables, writer } = written);
  sequence = 0;
  written.writeUsers(userCount);
  chat(200);
});
afterEach(async () => {
  await written.remove();
});

/** What is read goes, so that pages of the file come free while others read them. */
function chat(messages: number): void {
  for (let index = 0; index < messages; index += 1) {
    sequence += 1;
    const [sender, receiver] =
      sequence % 10 === 0 ? [1, 2] : [1 + (sequence % userCount), 1 + (sequence % 7)];
    writer.message(receiver, sender, sequence, nowMs + sequence, `halo nomor${sequence}`);
  }
  for (let user = 1; user <= 7; user += 1) writer.read(user, sequence);
  written.apply();
}

test('threads killed while they read leave the tables whole, writable, and no larger than before', async () => {
  for (let round = 0; round < 12; round += 1) {
    const reader = startWorker('searching-worker.js', written.folder.file('tables'));
    const failure = new Promise<unknown>((resolve) => reader.once('error', resolve));
    await Promise.race([once(reader, 'message'), failure.then((error) => Promise.reject(error as Error))]);
    for (let run = 0; run < 10; run += 1) {
      chat(100);
      // Lets the reader's failure be heard.
      await new Promise(setImmediate);
    }
    await reader.terminate();
  }
  expect(tables.check()).toEqual([]);
  const file = path.join(written.folder.file('tables'), 'data.mdb');
  while (tables.expireHistory(nowMs * 2, 1_000) > 0);
  for (let run = 0; run < 10; run += 1) chat(1);
  const sizeBytes = statSync(file).size;
  // What has been freed is used again: no dead reader holds on to it.
  for (let run = 0; run < 200; run += 1) chat(10);
  expect(statSync(file).size).toBe(sizeBytes);
}, 60_000);

test('what one has written the other finds after a refresh', async () => {
  const reader = await Tables.open(written.folder.file('tables'), { isBesideWriter: true });
  const find = (): number =>
    reader.search({
      user: 2,
      rooms: [],
      words: searchWordsOf(`nomor${sequence}`),
      conversation: undefined,
      limit: 10,
      before: Infinity,
    }).messages.length;
  for (let run = 0; run < 20; run += 1) {
    do chat(1);
    while (sequence % 10 !== 0);
    expect(find()).toBeLessThan(2);
    reader.refresh();
    expect(find()).toBe(1);
    const page = reader.historyPage({ conversation: conversationOf(1, 2), limit: 1, before: Infinity });
    expect(page.messages.at(-1)!.sequence).toBe(sequence);
  }
  await reader.close();
  expect(tables.check()).toEqual([]);
});
