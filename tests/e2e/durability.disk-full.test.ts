// Goal: on a full disk changes are refused, reads go on, nothing acknowledged is lost, and with space all goes on by itself.
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { dataFolders } from '../../shared/journal/data-folders';
import { SegmentLog } from '../../shared/journal/segment-log';
import { Environment } from '../../workers/tables/environment';
import { cleanUp } from '../support/clean-up';
import { type Member, readOnce } from '../support/durable-load';
import { DurableServer } from '../support/durable-server';
import { FilledDisk } from '../support/filled-disk';
import { LineSocket } from '../support/line-socket';
import { prepareUsers } from '../support/prepared-data';
import { RandomNumbers } from '../support/random-numbers';
import { RecordWriter } from '../support/record-writer';
import { ServerProcess } from '../support/server-process';
import { type FilesystemKind, SmallFilesystem } from '../support/small-filesystem';
import { loseBehindSync } from '../support/unsynced-journal';

const kinds: readonly (readonly [FilesystemKind, number])[] = [
  ['tmpfs', 24],
  ['ext4', 48],
];
const sent = '{"status": "OK", "message": "Message Sent"}\r\n\r\n';
const textBytes = 3_500;

let connectionCount = 0;

/** Sends until something else than an OK comes, and returns that; undefined once `enough` messages were taken. */
async function sendUntilRefused(
  server: DurableServer,
  client: LineSocket,
  enough: number,
): Promise<string | undefined> {
  const [from, to] = server.members as readonly [Member, Member];
  connectionCount += 1;
  const connection = connectionCount;
  for (let number = 0; number < enough; number += 1) {
    const message = server.deliveries.send(from.username, to.username, connection, number, textBytes);
    const reply = await client.ask(`send ${from.token} ${to.username} ${message.text}`);
    if (reply !== sent) return reply;
    server.deliveries.acknowledge(message);
  }
  return undefined;
}

/** Leaves pages in the tables' file that may be used again: a commit then needs no space of the disk. */
async function freePages(tables: string): Promise<void> {
  const environment = Environment.open(tables, false);
  const meta = environment.table('meta');
  const key = Buffer.from('filling');
  for (const valueBytes of [4 * 1024 * 1024, 1]) {
    environment.write(() => {
      meta.put(key, Buffer.alloc(valueBytes));
    });
    environment.write(() => {
      meta.remove(key);
    });
  }
  await environment.close();
}

/**
 * Writes a message to the journal's end and does not sync it, as a process leaves it that is killed in between. No file
 * waits to be used for a next segment.
 */
function writeUnsynced(journal: string, text: string): void {
  const log = SegmentLog.open(journal);
  const words = new RecordWriter().message(2, 1, 1, Date.now(), text).taken();
  log.append([new Uint8Array(words.buffer, words.byteOffset, words.byteLength)]);
  log.close();
  for (const name of readdirSync(journal)) if (name.startsWith('spare-')) rmSync(path.join(journal, name));
}

test('a start on a full disk brings nothing into the tables that a power cut may take from the journal', async () => {
  const filesystem = SmallFilesystem.mount('tmpfs', 48);
  if (filesystem === undefined) return;
  try {
    const data = path.join(filesystem.path, 'data');
    const { tables, journal } = dataFolders(data);
    const [token] = await prepareUsers(data, 2);
    await freePages(tables);
    writeUnsynced(journal, 'tidak pasti');
    const disk = new FilledDisk(filesystem.path);
    disk.fill();
    const server = await ServerProcess.start(['--threads', '1'], { data });
    await server.untilPrinted(/the disk takes nothing: changes are refused/);
    const client = await LineSocket.connect(server.address);
    // It has the tables brought up to date.
    expect(await client.ask(`history ${token} user2`)).toContain('"OK"');
    await server.kill();
    expect(loseBehindSync(journal, 'zeros', new RandomNumbers(1))).toBe(1);
    disk.free();
    const again = await ServerProcess.start(['--threads', '1'], { data });
    expect((await again.stop()).code).toBe(0);
  } finally {
    await cleanUp();
    filesystem.unmount();
  }
}, 60_000);

describe.each(kinds)('on a full %s', (kind, mebibytes) => {
  let filesystem: SmallFilesystem | undefined;
  let server: DurableServer;

  beforeAll(async () => {
    filesystem = SmallFilesystem.mount(kind, mebibytes);
    if (filesystem !== undefined) server = await DurableServer.start([], path.join(filesystem.path, 'data'));
  }, 30_000);
  afterAll(async () => {
    await cleanUp();
    if (filesystem === undefined) return;
    await server.remove();
    filesystem.unmount();
  });

  test('changes are refused, reads go on, with space all goes on; nothing acknowledged is lost', async () => {
    if (filesystem === undefined) return;
    const disk = new FilledDisk(filesystem.path);
    const client = await server.connect();
    const reader = server.members[1]!;
    expect(await sendUntilRefused(server, client, 50)).toBeUndefined();
    disk.fill();
    // The server may go on acknowledging for a while, and refuses in time: no request is left without a reply.
    const senders = await Promise.all(Array.from({ length: 8 }, () => server.connect()));
    const refusals = await Promise.all(senders.map((sender) => sendUntilRefused(server, sender, 10_000)));
    for (const refusal of refusals)
      expect(JSON.parse(refusal!)).toMatchObject({ status: 'ERROR', code: 'BUSY' });
    await server.process.untilPrinted(/the disk takes nothing: changes are refused/);
    expect(server.process.stderr).toContain('ENOSPC');

    const refused = [
      `send ${reader.token} ${reader.username} ditolak`,
      `logout ${server.members[2]!.token}`,
      'register pendatang rahasia',
      `auth ${reader.username} rahasia`,
    ];
    for (const request of refused)
      expect(JSON.parse(await client.ask(request))).toMatchObject({ status: 'ERROR', code: 'BUSY' });
    expect(await client.ask(`whoami ${reader.token}`)).toContain('"OK"');
    expect(await client.ask(`activeuser ${reader.token}`)).toContain(reader.username);
    expect(await readOnce(client, server.deliveries, reader)).toBeGreaterThan(50);
    expect(await client.ask('auth nobody rahasia')).toContain('NO_SUCH_USER');

    disk.free();
    await server.process.untilPrinted(/the disk is back: changes are taken again/);
    expect(await sendUntilRefused(server, client, 50)).toBeUndefined();
    expect(await client.ask(`whoami ${server.members[2]!.token}`)).toContain('"OK"');
    for (const sender of senders) sender.destroy();

    await server.process.kill();
    server.deliveries.endLife();
    await server.restart();
    await server.judgeInboxes();
    expect(server.violations).toEqual([]);
  }, 60_000);

  test('tables that could not be written are written again when there is space', async () => {
    if (filesystem === undefined) return;
    const disk = new FilledDisk(filesystem.path);
    const client = await server.connect();
    expect(await sendUntilRefused(server, client, 20)).toBeUndefined();
    disk.fill();
    // Has the tables brought up to date now, not 10 s later; what they have is shown all the same.
    const [from, to] = server.members as readonly [Member, Member];
    expect(await client.ask(`history ${to.token} ${from.username}`)).toContain('"OK"');
    await server.process.untilPrinted(/the tables cannot be written/);
    expect(await client.ask(`whoami ${server.members[1]!.token}`)).toContain('"OK"');
    disk.free();
    await server.process.untilPrinted(/the tables are written again/);
    expect(await sendUntilRefused(server, client, 20)).toBeUndefined();
    client.destroy();
    expect((await server.process.stop()).code).toBe(0);
    server.deliveries.endLife();
    await server.judgeHistory();
    await server.restart();
    await server.judgeInboxes();
    expect(server.violations).toEqual([]);
  }, 60_000);

  test('a server that starts on a full disk serves reads, and takes changes by itself once there is space', async () => {
    if (filesystem === undefined) return;
    const disk = new FilledDisk(filesystem.path);
    expect((await server.process.stop()).code).toBe(0);
    server.deliveries.endLife();
    disk.fill();
    await server.restart();
    const client = await server.connect();
    expect(await client.ask(`whoami ${server.members[1]!.token}`)).toContain('"OK"');
    // What the tables have taken over has left blocks for some.
    expect(await sendUntilRefused(server, client, 20_000)).toContain('"BUSY"');
    await server.process.untilPrinted(/the disk takes nothing: changes are refused/);
    disk.free();
    await server.process.untilPrinted(/the disk is back: changes are taken again/);
    expect(await sendUntilRefused(server, client, 20)).toBeUndefined();
    client.destroy();
    await server.judgeInboxes();
    expect(server.violations).toEqual([]);
  }, 60_000);

  test('TERM while the disk is full ends the server within 10 s, and nothing acknowledged is lost', async () => {
    if (filesystem === undefined) return;
    const disk = new FilledDisk(filesystem.path);
    const sender = await server.connect();
    disk.fill();
    expect(await sendUntilRefused(server, sender, 10_000)).toContain('"BUSY"');
    expect((await server.process.stop()).code).toBe(0);
    server.deliveries.endLife();
    disk.free();
    await server.restart();
    await server.judgeInboxes();
    expect(server.violations).toEqual([]);
  }, 60_000);
});
