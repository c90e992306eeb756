// Goal: on a full disk changes are refused, reads go on, nothing acknowledged is lost, and with space all goes on by itself.
import path from 'node:path';
import { cleanUp } from '../support/clean-up';
import { type Member, readOnce } from '../support/durable-load';
import { DurableServer } from '../support/durable-server';
import { FilledDisk } from '../support/filled-disk';
import type { LineSocket } from '../support/line-socket';
import { type FilesystemKind, SmallFilesystem } from '../support/small-filesystem';

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
    // The segment's blocks go on for a while: the server may go on acknowledging what is on disk.
    const held = await server.connect();
    void sendUntilRefused(server, held, 10_000).catch(() => undefined);
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
    held.destroy();

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
    const [from, to] = server.members as readonly [Member, Member];
    expect(await client.ask(`whoami ${to.token}`)).toContain('"OK"');
    await server.process.untilPrinted(/the disk takes nothing: changes are refused/);
    expect(await client.ask(`send ${from.token} ${to.username} ditolak`)).toContain('"BUSY"');
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
    const held = await server.connect();
    disk.fill();
    void sendUntilRefused(server, held, 10_000).catch(() => undefined);
    await server.process.untilPrinted(/the disk takes nothing: changes are refused/);
    const { code } = await server.process.stop();
    expect(code).not.toBeNull();
    server.deliveries.endLife();
    disk.free();
    await server.restart();
    await server.judgeInboxes();
    expect(server.violations).toEqual([]);
  }, 60_000);
});
