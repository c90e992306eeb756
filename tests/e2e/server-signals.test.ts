// Goal: TERM and INT end the server cleanly: what it has read is answered; a second signal ends it at once.
import * as replies from '../conformance/replies';
import { cleanUp } from '../support/clean-up';
import { LineSocket, type Address } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

let server: ServerProcess;

beforeEach(async () => {
  server = await ServerProcess.start(['--threads', '2']);
});
afterEach(async () => {
  await server.kill();
});

/** Resolves once the server takes no more connections. */
async function refusesConnections(address: Address): Promise<void> {
  for (;;) {
    try {
      const probe = await LineSocket.connect(address);
      await probe.rest(1_000).catch(() => undefined);
      probe.destroy();
    } catch {
      return;
    }
  }
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('replies to what was read are flushed, then exit code 0', async () => {
    const client = await LineSocket.connect(server.address);
    const { tokenid } = JSON.parse(await client.ask('auth messi surabaya')) as { tokenid: string };
    // One segment, hence one read: with its first reply here, all of it has been read. Passwords make it take a while.
    const requests = [
      `inbox ${tokenid}`,
      ...Array.from({ length: 60 }, (_, index) =>
        index % 6 === 0 ? 'auth messi salah' : `send ${tokenid} messi pesan ${index}`,
      ),
      `activeuser ${tokenid}`,
    ];
    client.write(requests.map((request) => `${request}\n`).join(''));
    expect(await client.frame()).toBe(replies.emptyInbox);
    server.signal(signal);
    const expected = requests
      .slice(1, -1)
      .map((request) => (request.startsWith('auth') ? replies.wrongPassword : replies.messageSent))
      .concat('{"status": "OK", "message": "messi, "}\r\n\r\n');
    expect(await client.rest()).toBe(expected.join(''));
    client.destroy();
    expect(await server.exited).toMatchObject({ code: 0, signal: null });
  });

  test('a second one ends it at once, whatever is still to be done', async () => {
    const client = await LineSocket.connect(server.address);
    // Some ten seconds of hashing.
    client.write('auth messi salah\n'.repeat(500));
    expect(await client.frame()).toBe(replies.wrongPassword);
    server.signal(signal);
    await refusesConnections(server.address);
    const beforeMs = performance.now();
    server.signal(signal);
    await server.exited;
    expect(performance.now() - beforeMs).toBeLessThan(1_000);
    client.destroy();
  });
});

describe('SIGTERM', () => {
  test('idle connections and half a line do not hold it up, even if the clients never close', async () => {
    const idle = await LineSocket.connect(server.address);
    const halfway = await LineSocket.connect(server.address);
    halfway.write('ping\ninbox 0000');
    expect(await halfway.frame()).toContain('"status": "OK"');
    const beforeMs = performance.now();
    server.signal('SIGTERM');
    expect(await idle.rest()).toBe('');
    expect(await halfway.rest()).toBe('');
    expect(await server.exited).toMatchObject({ code: 0, signal: null });
    expect(performance.now() - beforeMs).toBeLessThan(4_000);
    idle.destroy();
    halfway.destroy();
  });

  test('a client that does not read its replies does not hold it up for ever', async () => {
    const deaf = await LineSocket.connect(server.address, { reading: false });
    deaf.write('help\n'.repeat(20_000));
    const other = await LineSocket.connect(server.address);
    expect(await other.ask('ping')).toContain('"status": "OK"');
    other.destroy();
    server.signal('SIGTERM');
    expect(await server.exited).toMatchObject({ code: 0, signal: null });
    deaf.destroy();
  });
});

describe('SIGHUP', () => {
  test('rereads the configuration file; what is wrong in it changes nothing', async () => {
    const folder = new TemporaryFolder();
    const file = folder.write('chat.json', '{"max-connections": 1}');
    const configured = await ServerProcess.start(['--threads', '1', '--config', file]);
    const first = await LineSocket.connect(configured.address);
    expect(await first.ask('ping')).toContain('"status": "OK"');

    folder.write('chat.json', '{"max-connections": ');
    configured.signal('SIGHUP');
    await configured.untilPrinted(/chat\.json/);
    const refused = await LineSocket.connect(configured.address);
    expect(await refused.rest()).toContain('"BUSY"');

    folder.write('chat.json', '{"max-connections": 2}');
    configured.signal('SIGHUP');
    await configured.untilPrinted(/"maxConnections":2|maxConnections: 2/);
    const second = await LineSocket.connect(configured.address);
    expect(await second.ask('ping')).toContain('"status": "OK"');
    expect(await first.ask('ping')).toContain('"status": "OK"');
    for (const client of [first, refused, second]) client.destroy();
    await configured.stop();
    folder.remove();
  });

  test('does not end a server without a configuration file', async () => {
    const client = await LineSocket.connect(server.address);
    expect(await client.ask('ping')).toContain('"status": "OK"');
    server.signal('SIGHUP');
    for (let count = 0; count < 20; count += 1) expect(await client.ask('ping')).toContain('"status": "OK"');
    client.destroy();
    expect(await server.stop()).toMatchObject({ code: 0 });
  });
});

test('nothing of the conversation is in the log: no password, no token, no text', async () => {
  const client = await LineSocket.connect(server.address);
  const { tokenid } = JSON.parse(await client.ask('auth messi surabaya')) as { tokenid: string };
  await client.ask(`send ${tokenid} messi rahasia-sekali`);
  await client.ask(`passwd ${tokenid} kata-salah kata-sandi-baru`);
  await client.ask('auth messi kata-tertukar');
  client.destroy();
  const { stdout, stderr } = await server.stop();
  for (const secret of [tokenid, 'rahasia-sekali', 'kata-sandi-baru', 'kata-salah', 'kata-tertukar'])
    expect(stdout + stderr).not.toContain(secret);
});
