// Goal: data that is in use, of another format or damaged is refused with exit code 4 and words that say what is wrong.
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { dataFolders } from '../../shared/journal/data-folders';
import { frameHeaderBytes } from '../../shared/journal/frame';
import { segmentHeaderBytes, segmentsAmong } from '../../shared/journal/segment';
import { Environment } from '../../workers/tables/environment';
import { writeNumberRow } from '../../workers/tables/rows';
import { cleanUp } from '../support/clean-up';
import { DurableServer } from '../support/durable-server';
import { copyFolder } from '../support/power-cuts';
import { LineSocket } from '../support/line-socket';
import { type ServerExit, ServerProcess } from '../support/server-process';

let made: DurableServer;
/** A copy of what `made` has left. */
let data: string;
let copyCount = 0;

/** Users, sessions and messages, in the journal as well as in the tables. */
beforeAll(async () => {
  made = await DurableServer.start();
  for (const round of [1, 2]) {
    await made.process.stop();
    await made.restart();
    const client = await made.connect();
    const [from, to] = made.members;
    for (let number = 0; number < 50; number += 1)
      await client.ask(`send ${from!.token} ${to!.username} pesan ${round}.${number}`);
    client.destroy();
  }
  await made.process.kill();
}, 60_000);
beforeEach(() => {
  copyCount += 1;
  data = copyFolder(made.data, made.folder.file(`copy-${copyCount}`));
});
afterEach(cleanUp);
afterAll(async () => {
  await made.remove();
});

function start(): Promise<ServerExit> {
  return ServerProcess.run(['--port', '0', '--threads', '1', '--data', data]);
}

/** The segments, the one being written last. */
function segmentFiles(): string[] {
  const { journal } = dataFolders(data);
  return segmentsAmong(readdirSync(journal)).map(({ name }) => path.join(journal, name));
}

function editFile(file: string, edit: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file);
  edit(bytes);
  writeFileSync(file, bytes);
}

async function writeFormat(format: number): Promise<void> {
  const environment = Environment.open(dataFolders(data).tables, false);
  environment.write(() => {
    environment.table('meta').put(Buffer.from('format'), writeNumberRow(format));
  });
  await environment.close();
}

function expectRefused({ code, stderr, stdout }: ServerExit, words: RegExp): void {
  expect(stderr).toMatch(words);
  expect(stderr).toContain(data);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(code).toBe(4);
  expect(stdout).not.toContain('chat-client connect');
}

test('in use by another server: refused, and the other goes on', async () => {
  const server = await ServerProcess.start(['--threads', '1'], { data });
  expectRefused(await start(), /in use by another chat-server/);
  const client = await LineSocket.connect(server.address);
  expect(await client.ask(`whoami ${made.members[0]!.token}`)).toContain('"OK"');
});

test('after a crash, of servers that start at once exactly one gets the data', async () => {
  const starts = await Promise.allSettled(
    [1, 2, 3, 4].map(() => ServerProcess.start(['--threads', '1'], { data: data })),
  );
  const running = starts.flatMap((started) => (started.status === 'fulfilled' ? [started.value] : []));
  expect(running).toHaveLength(1);
  for (const started of starts)
    if (started.status === 'rejected') expect(String(started.reason)).toMatch(/exited with 4/);
  expect((await running[0]!.stop()).code).toBe(0);
}, 60_000);

test.each([0, 99])('tables of format %i: refused, the format is named', async (format) => {
  await writeFormat(format);
  expectRefused(await start(), new RegExp(`format ${format}\\b`));
});

test('a journal of a newer format: refused, the version is named', async () => {
  editFile(segmentFiles().at(-1)!, (bytes) => bytes.writeInt32LE(2, 4));
  expectRefused(await start(), /version 2\b/);
});

test('a journal with a damaged record in its midst: refused, the file is named', async () => {
  const file = segmentFiles().at(-1)!;
  editFile(file, (bytes) => {
    const at = segmentHeaderBytes + frameHeaderBytes + 8;
    bytes[at] = bytes[at]! ^ 0xff;
  });
  expectRefused(await start(), new RegExp(path.basename(file)));
});

test('a journal whose segment is gone: refused', async () => {
  const file = segmentFiles().at(-1)!;
  editFile(file, (bytes) => bytes.fill(0, 0, segmentHeaderBytes));
  expectRefused(await start(), /JOURNAL_DAMAGED/);
});

test.each(['missing', 'empty'])(
  'a journal that is %s, beside tables that have data: refused',
  async (how) => {
    const { journal } = dataFolders(data);
    rmSync(journal, { recursive: true });
    if (how === 'empty') mkdirSync(journal);
    // The first refusal must not leave a journal that the next start takes for the right one.
    for (let attempt = 0; attempt < 2; attempt += 1) expectRefused(await start(), /restore a backup/);
  },
);

test('tables that are not a database: refused', async () => {
  editFile(path.join(dataFolders(data).tables, 'data.mdb'), (bytes) => bytes.fill(0x5a, 0, 8_192));
  expectRefused(await start(), /DATA_DAMAGED/);
});

test('tables that have lost their end: refused', async () => {
  const file = path.join(dataFolders(data).tables, 'data.mdb');
  truncateSync(file, statSync(file).size >> 1);
  expectRefused(await start(), /DATA_DAMAGED/);
});

test('a data directory that is a file: refused', async () => {
  const file = made.folder.write('no-folder', 'x');
  const exit = await ServerProcess.run(['--port', '0', '--data', file]);
  expect(exit.stderr).toContain(file);
  expect(exit.code).toBe(4);
});

test('everything in the data directory is its owner’s alone, also where it was not before', async () => {
  chmodSync(data, 0o755);
  await ServerProcess.start(['--threads', '1'], { data });
  const { journal, tables, socket } = dataFolders(data);
  for (const folder of [data, journal, tables]) expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const folder of [journal, tables])
    for (const name of readdirSync(folder))
      expect({ name, mode: statSync(path.join(folder, name)).mode & 0o777 }).toEqual({ name, mode: 0o600 });
  expect(statSync(socket).mode & 0o777).toBe(0o600);
});
