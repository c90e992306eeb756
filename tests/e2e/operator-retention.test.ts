// Goal: a command on a stopped server forgets nothing: what is too old or too much is for the server to say, whose options
// the command may not have been given.
import { mkdirSync } from 'node:fs';
import { dataFolders } from '../../shared/journal/data-folders';
import { SegmentLog } from '../../shared/journal/segment-log';
import { Tables } from '../../workers/tables/tables';
import { readHistory } from '../support/kept-history';
import { operate } from '../support/operator-command';
import { RecordWriter } from '../support/record-writer';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

const [ana, budi, cita, room] = [1, 2, 3, 1];
const messageCount = 5;
const longAgoMs = Date.now() - 100 * 86_400_000;

let folder: TemporaryFolder;
let data: string;

beforeEach(async () => {
  folder = new TemporaryFolder();
  data = folder.file('data');
  await prepareOldMessages();
});
afterEach(async () => {
  await ServerProcess.killAll();
  folder.remove();
});

/** Messages from long ago: to a user, who has read them, and to a room, whose other member has not. */
async function prepareOldMessages(): Promise<void> {
  mkdirSync(data, { mode: 0o700 });
  const writer = new RecordWriter();
  for (const [user, name] of [
    [ana, 'ana'],
    [budi, 'budi'],
    [cita, 'cita'],
  ] as const)
    writer.userCreated(user, longAgoMs, name, name, 'none');
  let sequence = 0;
  writer.roomCreated(room, ana, (sequence += 1), longAgoMs, 'kantor');
  writer.roomJoined(room, cita, (sequence += 1), longAgoMs);
  for (let count = 0; count < messageCount; count += 1) {
    writer.message(budi, ana, (sequence += 1), longAgoMs, 'halo');
    writer.message(-room, ana, (sequence += 1), longAgoMs, 'semua');
  }
  writer.read(budi, sequence);
  const words = writer.taken();
  const folders = dataFolders(data);
  const tables = await Tables.open(folders.tables);
  tables.apply(words, words.length, longAgoMs);
  await tables.close();
  SegmentLog.open(folders.journal, { startPosition: words.length }).close();
}

async function unreadInRoom(): Promise<number> {
  const tables = await Tables.open(dataFolders(data).tables, { readOnly: true });
  const messages = [...tables.roomMessages()];
  await tables.close();
  return messages.length;
}

test('of a server with a longer history, and larger inboxes, than the options of the command say', async () => {
  for (const command of [['user', 'list'], ['limits'], ['backup', folder.file('copy')], ['export', 'ana']])
    expect(await operate([...command, '--data', data, '--max-inbox', '2'])).toMatchObject({ code: 0 });
  expect(await readHistory(data)).toHaveLength(messageCount);
  expect(await unreadInRoom()).toBe(messageCount);

  // The server itself does what its options say.
  const server = await ServerProcess.start(['--threads', '1'], { data });
  expect(await server.stop()).toMatchObject({ code: 0 });
  expect(await readHistory(data)).toEqual([]);
}, 60_000);
