/** Goal: `chat-client connect --json` is a live chat for programs: a line in, a JSON line out, nothing lost or doubled. */
import { ClientProcess } from '../support/client-process';
import { LivePeer } from '../support/live-peer';
import { SeedServer } from '../support/seed-server';

type Line = Record<string, unknown>;

let peer: LivePeer;
const clients: ClientProcess[] = [];

beforeEach(async () => {
  peer = await LivePeer.start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.child.kill('SIGKILL');
  await peer.stop();
});

function start(port: number): ClientProcess {
  const client = ClientProcess.start('connect', '--json', `127.0.0.1:${port}`);
  clients.push(client);
  return client;
}

async function next(client: ClientProcess): Promise<Line> {
  return JSON.parse(await client.nextLine()) as Line;
}

/** Enters a command and resolves with the next line. */
async function ask(client: ClientProcess, command: string): Promise<Line> {
  client.child.stdin.write(`${command}\n`);
  return next(client);
}

test('replies come one a command and in order, events by themselves', async () => {
  const client = start(peer.port);
  expect(await ask(client, 'ping')).toEqual({ status: 'OK', message: 'pong' });
  expect(await ask(client, 'send lineker halo')).toEqual({
    status: 'ERROR',
    message: 'not authorized',
    code: 'NOT_AUTHORIZED',
  });
  expect(await ask(client, 'auth messi salah')).toMatchObject({ status: 'ERROR', code: 'WRONG_PASSWORD' });
  peer.deliver('unread é 😀');
  expect(await ask(client, 'auth messi surabaya')).toEqual({ status: 'OK', tokenid: peer.token });
  expect(await next(client)).toEqual({ event: 'online' });
  expect(await next(client)).toEqual({
    event: 'message',
    id: 'id-1',
    from: 'lineker',
    msg_from: 'Gary Lineker',
    to: 'messi',
    msg_to: 'Lionel Messi',
    msg: 'unread é 😀',
    at: '2026-11-23T06:00:00.001Z',
  });
  expect(await ask(client, 'send lineker halo juga')).toEqual({
    status: 'OK',
    id: 'post-1',
    duplicate: false,
  });
  expect(await ask(client, 'reply dan ini')).toMatchObject({ status: 'OK', id: 'post-2' });
  expect(peer.posts).toMatchObject([
    { destination: 'lineker', text: 'halo juga' },
    { destination: 'lineker', text: 'dan ini' },
  ]);
  expect(await ask(client, 'nosuch')).toMatchObject({ status: 'ERROR', code: 'BAD_COMMAND' });
  expect(await ask(client, 'auth messi')).toMatchObject({ status: 'ERROR', code: 'BAD_COMMAND' });
  expect(await ask(client, 'help')).toMatchObject({ status: 'OK', lines: expect.any(Array) as string[] });
  const at = '2026-11-23T06:00:00.000Z';
  peer.announce({ event: 'presence', user: 'lineker', msg_from: 'Gary Lineker', state: 'offline', at });
  expect(await next(client)).toEqual({
    event: 'presence',
    user: 'lineker',
    msg_from: 'Gary Lineker',
    state: 'offline',
    at,
  });
  expect(await client.end()).toMatchObject({ code: 0, stderr: '' });
  expect(peer.unread).toEqual([]);
});

test('a second login is as good for the next command as the first', async () => {
  const client = start(peer.port);
  client.child.stdin.write(
    'auth messi surabaya\nauth messi surabaya\nping\nlogout\nauth messi surabaya\nping\n',
  );
  const told: unknown[] = [];
  for (let count = 0; count < 9; count += 1) {
    const { event, tokenid, message, messages } = await next(client);
    told.push(event ?? (tokenid === undefined ? (message ?? messages) : 'token'));
  }
  const login = ['token', 'online'];
  expect(told).toEqual([...login, ...login, 'pong', 'Logged Out!', ...login, 'pong']);
});

test('every line is ASCII', async () => {
  peer.deliver('漢字 😀');
  const client = start(peer.port);
  await ask(client, 'auth messi surabaya');
  await next(client);
  expect(await client.nextLine()).toContain(String.raw`"msg": "\u6f22\u5b57 \ud83d\ude00"`);
});

test('survives a lost connection: what was missed comes once, what is sent meanwhile goes out once', async () => {
  const client = start(peer.port);
  await ask(client, 'auth messi surabaya');
  expect(await next(client)).toEqual({ event: 'online' });
  await peer.stop();
  expect(await next(client)).toMatchObject({ event: 'offline', code: 'CONNECTION_CLOSED' });
  client.child.stdin.write('send lineker while offline\n');
  peer.deliver('missed 1');
  peer.deliver('missed 2');
  await peer.listen();
  const lines: Line[] = [];
  while (lines.length < 4) {
    const line = await next(client);
    if (line.event !== 'offline') lines.push(line);
  }
  expect(lines.filter(({ event }) => event === 'message').map(({ msg }) => msg)).toEqual([
    'missed 1',
    'missed 2',
  ]);
  expect(lines.filter(({ status }) => status !== undefined)).toMatchObject([{ id: 'post-1' }]);
  expect(lines[0]).toEqual({ event: 'online' });
  expect(await client.end()).toMatchObject({ code: 0 });
  expect(peer.posts).toHaveLength(1);
  expect(peer.received('auth')).toEqual([]);
});

test('a session that the server has forgotten is told, and a new login goes on', async () => {
  const client = start(peer.port);
  await ask(client, 'auth messi surabaya');
  await next(client);
  peer.token = 'forgotten';
  peer.breakConnections();
  expect(await next(client)).toMatchObject({ event: 'offline' });
  expect(await next(client)).toMatchObject({ event: 'logged_out', code: 'BAD_SESSION' });
  expect(await ask(client, 'send lineker x')).toMatchObject({ code: 'NOT_AUTHORIZED' });
  await ask(client, 'auth messi surabaya');
  expect(await next(client)).toEqual({ event: 'online' });
  expect(await ask(client, 'send lineker x')).toMatchObject({ id: 'post-1' });
});

test('logging out is a reply and no event; being logged out is an event', async () => {
  const client = start(peer.port);
  await ask(client, 'auth messi surabaya');
  await next(client);
  expect(await ask(client, 'logout')).toEqual({ status: 'OK', messages: 'Logged Out!' });
  expect(await ask(client, 'auth messi surabaya')).toMatchObject({ status: 'OK' });
  expect(await next(client)).toEqual({ event: 'online' });
  peer.endSession();
  expect(await next(client)).toMatchObject({ event: 'logged_out', code: 'BAD_SESSION' });
  expect(await ask(client, 'inbox')).toMatchObject({ code: 'NOT_AUTHORIZED' });
});

test('logging out is done when the server has said so, even if its reply is lost', async () => {
  const client = start(peer.port);
  await ask(client, 'auth messi surabaya');
  await next(client);
  peer.faults.set('logout', [{ breaks: 'after' }]);
  client.child.stdin.write('logout\nsend lineker halo\n');
  expect(await next(client)).toMatchObject({ event: 'offline' });
  expect(await next(client)).toMatchObject({ status: 'ERROR', code: 'CONNECTION_CLOSED' });
  expect(await next(client)).toMatchObject({ status: 'ERROR', code: 'NOT_AUTHORIZED' });
  expect(await client.end()).toMatchObject({ code: 0, stderr: '' });
});

describe('at the end of its input, with a server that gives no answer', () => {
  const said = 'chat-client: 2 commands were left without an answer.\n';

  async function leaveWith(
    isServing: boolean,
  ): Promise<{ replies: Line[]; code: number | null; stderr: string }> {
    const client = ClientProcess.start('connect', '--json', '--timeout', '1', `127.0.0.1:${peer.port}`);
    clients.push(client);
    await ask(client, 'auth messi surabaya');
    await next(client);
    if (!isServing) {
      await peer.stop();
      await next(client);
    }
    client.child.stdin.end('send lineker one\nsend lineker two\n');
    const { code, stdout, stderr } = await client.finished();
    const lines = stdout.trimEnd().split('\n');
    const replies = lines.map((line) => JSON.parse(line) as Line).filter(({ event }) => event === undefined);
    return { replies: replies.slice(1), code, stderr };
  }

  test('it leaves, and says that nothing was sent', async () => {
    const { replies, code, stderr } = await leaveWith(false);
    expect(replies).toMatchObject([{ code: 'CONNECTION_CLOSED' }, { code: 'CONNECTION_CLOSED' }]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: said });
  });

  test('it leaves, and does not say so of what may have been sent', async () => {
    peer.faults.set(
      'post',
      Array.from({ length: 100 }, () => ({ breaks: 'after' })),
    );
    const { replies, code, stderr } = await leaveWith(true);
    expect(replies).toMatchObject([{ code: 'UNKNOWN_OUTCOME' }, { code: 'CONNECTION_CLOSED' }]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: said });
    expect(peer.posts.map(({ text }) => text)).toEqual(['one']);
  });
});

describe('the exit code of a few commands from a pipe', () => {
  async function exitOf(commands: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const client = ClientProcess.start('connect', '--json', '--timeout', '1', `127.0.0.1:${peer.port}`);
    clients.push(client);
    client.child.stdin.end(commands);
    return client.finished();
  }

  test.each([
    ['goes away', { breaks: 'before' }, 'CONNECTION_CLOSED'],
    ['says nothing', { isSilent: true }, 'TIMEOUT'],
  ] as const)('is 1 when the server %s', async (_, fault, code) => {
    peer.faults.set('auth', [fault]);
    const exit = await exitOf('auth messi surabaya\nwhoami\n');
    expect(exit.stdout).toContain(`"code": "${code}"`);
    expect(exit).toMatchObject({
      code: 1,
      stderr: 'chat-client: 1 command was left without an answer.\n',
    });
  });

  test('is 1 when the server has gone before the last of them', async () => {
    const client = start(peer.port);
    await ask(client, 'auth messi surabaya');
    await next(client);
    await peer.stop();
    expect(await next(client)).toMatchObject({ event: 'offline' });
    client.child.stdin.end('whoami\n');
    expect(await client.finished()).toMatchObject({ code: 1 });
  });

  test('is 0 when the server was away only for a while', async () => {
    const client = start(peer.port);
    peer.faults.set('auth', [{ breaks: 'before' }]);
    client.child.stdin.write('auth messi surabaya\n');
    expect(await next(client)).toMatchObject({ event: 'offline' });
    expect(await next(client)).toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect(await next(client)).toEqual({ event: 'online' });
    expect(await ask(client, 'auth messi surabaya')).toMatchObject({ status: 'OK' });
    expect(await next(client)).toEqual({ event: 'online' });
    expect(await client.end()).toMatchObject({ code: 0, stderr: '' });
  });

  test('is 0 when the server refuses', async () => {
    peer.faults.set('auth', [
      { error: { status: 'ERROR', message: 'Password Salah', code: 'WRONG_PASSWORD' } },
    ]);
    const exit = await exitOf('auth messi wrong\nwhoami\n');
    expect(exit.stdout).toContain('"code": "WRONG_PASSWORD"');
    expect(exit).toMatchObject({ code: 0, stderr: '' });
  });
});

test('logging in again on the same connection subscribes the new login only', async () => {
  const client = start(peer.port);
  await ask(client, 'auth messi surabaya');
  await next(client);
  await ask(client, 'auth messi surabaya');
  expect(await next(client)).toEqual({ event: 'online' });
  peer.deliver('once');
  expect(await next(client)).toMatchObject({ event: 'message', msg: 'once' });
  expect(await client.end()).toMatchObject({ code: 0 });
  expect(peer.received('subscribe')).toHaveLength(2);
});

test('an original server is talked to as an original client would', async () => {
  const seed = await SeedServer.start();
  try {
    const client = start(seed.port);
    expect(await ask(client, 'auth messi surabaya')).toMatchObject({ status: 'OK' });
    expect(await next(client)).toMatchObject({ event: 'classic' });
    expect(await ask(client, 'send messi anjay')).toEqual({ status: 'OK', message: 'Message Sent' });
    expect(await ask(client, 'inbox')).toMatchObject({ messages: { messi: [{ msg: ' anjay\r\n' }] } });
    expect(await ask(client, 'logout')).toMatchObject({ messages: 'Logged Out!' });
    expect(await client.end()).toMatchObject({ code: 0, stderr: '' });
  } finally {
    await seed.stop();
  }
});
