// Goal: what `chat-server` says when it starts, which accounts it starts with, and when it refuses to.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cleanUp } from '../support/clean-up';
import { findFreePort } from '../support/free-port';
import { type Address, LineSocket } from '../support/line-socket';
import { operate } from '../support/operator-command';
import { type ServerExit, ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

const manifestFile = path.resolve(__dirname, '..', '..', 'package.json');
const { version } = JSON.parse(readFileSync(manifestFile, 'utf8')) as { version: string };
const okReply = /^\{"status": "OK", "tokenid": /;
const siti = '{"username": "siti", "password": "rahasia", "name": "Siti 😀 Aminah"}';

let folder: TemporaryFolder;
const running: ServerProcess[] = [];

beforeAll(() => {
  folder = new TemporaryFolder();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.kill()));
});
afterAll(() => {
  folder.remove();
});

async function start(...[args, options]: Parameters<typeof ServerProcess.start>): Promise<ServerProcess> {
  const server = await ServerProcess.start(args, options);
  running.push(server);
  return server;
}

async function askOnce(server: ServerProcess, request: string): Promise<string> {
  const client = await LineSocket.connect(server.address);
  const reply = await client.ask(request);
  client.destroy();
  return reply;
}

/** Tries again until somebody listens; fails when the server ends before that. */
async function connectWhenListening(address: Address, server: ServerProcess): Promise<LineSocket> {
  let ended: ServerExit | undefined;
  void server.exited.then((exit) => (ended = exit));
  for (;;) {
    const client = await LineSocket.connect(address).catch(() => undefined);
    if (client !== undefined) return client;
    if (ended !== undefined) throw new Error(`the server ended with ${ended.code}: ${ended.stderr}`);
  }
}

describe('the start lines', () => {
  test('one line each: version, address, TLS, threads, ephemeral, accounts, and what to type', async () => {
    const port = await findFreePort();
    const server = await start(['--threads', '2'], { port });
    const lines = server.stdout.trimEnd().split('\n');
    const lineWith = (pattern: RegExp): string | undefined => lines.find((line) => pattern.test(line));

    expect(lineWith(/benang|chat-server/i)).toContain(version);
    expect(lineWith(/address|listening/i)).toContain(`127.0.0.1:${port}`);
    expect(lineWith(/TLS/)).toMatch(/off|no|disabled/i);
    expect(lineWith(/threads/i)).toMatch(/\b2\b/);
    expect(lineWith(/ephemeral|memory only/i)).toBeDefined();
    expect(lineWith(/^accounts/i)).toMatch(/\b3\b/);
    expect(lines.at(-1)).toMatch(new RegExp(`chat-client connect 127\\.0\\.0\\.1:${port}\\s*$`));
  });

  test('it says so when it made the three accounts of the seed, and with which password', async () => {
    const server = await start();
    for (const word of ['messi', 'henderson', 'lineker', 'surabaya']) expect(server.stdout).toContain(word);
    for (const name of ['messi', 'henderson', 'lineker'])
      expect(await askOnce(server, `auth ${name} surabaya`)).toMatch(okReply);
  });

  test('also when the address is in use: they are kept, and no later start makes them', async () => {
    const { port } = (await start()).address;
    const data = folder.file('made-in-vain');
    const exit = await ServerProcess.run(['--data', data, '--port', String(port)]);
    expect(exit.code).toBe(3);
    expect(exit.stdout).toMatch(/^Demo accounts .*messi, henderson, lineker.*surabaya\n$/);
    const server = await start([], { data });
    expect(server.stdout).not.toContain('surabaya');
    expect(await askOnce(server, 'auth messi surabaya')).toMatch(okReply);
  });

  test('the printed address is one that accepts, at once', async () => {
    const server = await start(['--threads', '1']);
    expect(await askOnce(server, 'ping')).toContain('"status": "OK"');
  });

  test('other loopback addresses are loopback addresses too', async () => {
    for (const host of ['localhost', '127.0.0.2']) {
      const server = await start(['--threads', '1'], { host });
      expect(await askOnce(server, 'auth messi surabaya')).toMatch(okReply);
    }
  });
});

test('it serves, and stops as ever, although nobody reads its start lines', async () => {
  const port = await findFreePort();
  const server = ServerProcess.startUnread(port, ['--log-level', 'error']);
  running.push(server);
  const client = await connectWhenListening({ host: '127.0.0.1', port }, server);
  // Logging in takes longer than the start lines that follow the listening.
  expect(await client.ask('auth messi surabaya')).toMatch(okReply);
  client.destroy();
  expect(await server.stop()).toMatchObject({ code: 0, stdout: '', stderr: '' });
});

describe('--users FILE', () => {
  test('its accounts are made, with their display names, and not those of the seed', async () => {
    const users = folder.write('siti.jsonl', `${siti}\n{"username": "BUDI", "password": "rahasia2"}\n`);
    const server = await start(['--users', users]);
    expect(server.stdout).not.toContain('surabaya');
    expect(await askOnce(server, 'auth messi surabaya')).toContain('"NO_SUCH_USER"');
    expect(await askOnce(server, 'auth budi rahasia2')).toMatch(okReply);

    const client = await LineSocket.connect(server.address);
    const { tokenid } = JSON.parse(await client.ask('auth siti rahasia')) as { tokenid: string };
    await client.ask(`send ${tokenid} siti halo`);
    expect(await client.ask(`inbox ${tokenid}`)).toBe(
      '{"status": "OK", "messages": {"siti": [{"msg_from": "Siti \\ud83d\\ude00 Aminah", ' +
        '"msg_to": "Siti \\ud83d\\ude00 Aminah", "msg": "halo"}]}}\r\n\r\n',
    );
    client.destroy();
  });

  test('names that are special in JavaScript objects are names like any other', async () => {
    const names = ['__proto__', 'constructor', '10', '9', 'toString'.toLowerCase(), '-.-_'];
    const lines = names.map((username) => JSON.stringify({ username, password: 'rahasia', name: username }));
    const server = await start(['--users', folder.write('special.jsonl', lines.join('\n'))]);
    const client = await LineSocket.connect(server.address);
    let expected = '';
    let reader = '';
    for (const name of names) {
      const { tokenid } = JSON.parse(await client.ask(`auth ${name} rahasia`)) as { tokenid: string };
      await client.ask(`send ${tokenid} __proto__ halo`);
      if (name === '__proto__') reader = tokenid;
      const separator = expected === '' ? '' : ', ';
      expected += `${separator}"${name}": [{"msg_from": "${name}", "msg_to": "__proto__", "msg": "halo"}]`;
    }
    expect(await client.ask(`inbox ${reader}`)).toBe(`{"status": "OK", "messages": {${expected}}}\r\n\r\n`);
    client.destroy();
  });

  test('a file that is missing or malformed is exit code 2, and the text names file and line', async () => {
    const cases = [
      { file: folder.file('missing.jsonl'), names: /missing\.jsonl/ },
      { file: folder.write('json.jsonl', `${siti}\n{"username": \n`), names: /json\.jsonl.*\b2\b/s },
      {
        file: folder.write('name.jsonl', '{"username": "no/slash", "password": "x"}\n'),
        names: /name\.jsonl.*\b1\b/s,
      },
      { file: folder.write('none.jsonl', '{"username": "siti"}\n'), names: /none\.jsonl.*\b1\b/s },
    ];
    for (const { file, names } of cases) {
      const exit = await ServerProcess.run(['--ephemeral', '--port', '0', '--users', file]);
      expect(exit.stderr).toMatch(names);
      expect(exit.code).toBe(2);
    }
  });

  test('a password in a malformed file is not repeated in the complaint', async () => {
    const users = folder.write(
      'leak.jsonl',
      '{"username": "no/slash", "password": "kata-sandi"}\n{"x": "kata-sandi"\n',
    );
    const exit = await ServerProcess.run(['--ephemeral', '--users', users]);
    expect(exit.code).toBe(2);
    expect(exit.stdout + exit.stderr).not.toContain('kata-sandi');
  });
});

describe('an address that others can reach', () => {
  test('with no accounts of its own it refuses to start, and says what to type', async () => {
    const exit = await ServerProcess.run([
      '--ephemeral',
      '--host',
      '0.0.0.0',
      '--port',
      String(await findFreePort()),
    ]);
    expect([2, 3]).toContain(exit.code);
    expect(exit.stderr).toMatch(/--users|chat-server user/);
    expect(exit.stdout).not.toContain('chat-client connect');
  });

  test("also when a file brings the seed's passwords along, unchanged", async () => {
    const users = folder.write('seed.jsonl', `${siti}\n{"username": "messi", "password": "surabaya"}\n`);
    const port = String(await findFreePort());
    const exit = await ServerProcess.run([
      '--ephemeral',
      '--host',
      '0.0.0.0',
      '--port',
      port,
      '--users',
      users,
    ]);
    expect([2, 3]).toContain(exit.code);
    expect(exit.stderr).toContain('messi');
  });

  test('with demo accounts in its data it refuses, and what it says to type changes that data', async () => {
    const data = folder.file("the server's data");
    await (await start([], { data })).stop();
    const open = ['--data', data, '--host', '0.0.0.0', '--port', String(await findFreePort())];
    for (const name of ['messi', 'henderson', 'lineker']) {
      const exit = await ServerProcess.run(open);
      expect(exit).toMatchObject({ code: 2, stderr: expect.stringContaining(`${name} has`) as string });
      const typed = /remove it \(chat-server (.*)\), or stay/.exec(exit.stderr)![1]!;
      const words = execFileSync('sh', ['-c', `printf '%s\\n' ${typed}`], { encoding: 'utf8' });
      expect(await operate(words.trimEnd().split('\n'))).toMatchObject({
        code: 0,
        stdout: `removed ${name}\n`,
      });
    }
  });

  test('with accounts of its own it starts', async () => {
    const server = await start(['--users', folder.write('own.jsonl', siti)], { host: '0.0.0.0' });
    const { port } = server.address;
    const client = await LineSocket.connect({ host: '127.0.0.1', port });
    expect(await client.ask('auth siti rahasia')).toMatch(okReply);
    client.destroy();
  });
});
