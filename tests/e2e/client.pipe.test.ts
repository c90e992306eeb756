/** Goal: the real chat-client behaves in scripts: what it prints where, when it ends, and with which exit code. */
import { once } from 'node:events';
import { ClientProcess } from '../support/client-process';
import { findFreePort } from '../support/free-port';
import { ScriptedServer, type Script } from '../support/scripted-server';

const okFrame = '{"status": "OK"}\r\n\r\n';
let server: ScriptedServer | undefined;

function refusedFor(retryMs: number): string {
  return `{"status": "ERROR", "message": "Terlalu banyak", "code": "RATE_LIMITED", "retry_ms": ${retryMs}}\r\n\r\n`;
}

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function serve(script: Script): Promise<string> {
  server = await ScriptedServer.start(script);
  return `127.0.0.1:${server.port}`;
}

describe('chat-client in a pipe', () => {
  test('sends one command at a time and prints every reply before it leaves', async () => {
    let waiting = 0;
    const address = await serve((line, socket) => {
      waiting += 1;
      expect(waiting).toBe(1);
      setImmediate(() => {
        waiting -= 1;
        socket.write(`{"status": "OK", "message": "${line} ${server!.received.length}"}\n\n`);
      });
    });
    const { code, stdout } = await ClientProcess.run(['connect', address], 'ping\n'.repeat(300));
    expect(stdout.trimEnd().split('\n')).toEqual(
      Array.from({ length: 300 }, (_, index) => `ping ${index + 1}`),
    );
    expect(code).toBe(0);
  });

  test('takes Windows line ends, blank lines and a last line without an end', async () => {
    const address = await serve((_line, socket) => socket.write(okFrame));
    const { stdout } = await ClientProcess.run(['connect', address], 'ping\r\n\r\n   \nping');
    expect(stdout).toBe('OK\nOK\n');
    expect(server?.received).toEqual(['ping', 'ping']);
  });

  test('leaves at exit, whatever follows', async () => {
    const address = await serve((_line, socket) => socket.write(okFrame));
    const client = ClientProcess.start('connect', address);
    client.child.stdin.write('ping\nexit\nping\n');
    expect(await client.finished()).toEqual({ code: 0, stdout: 'OK\n', stderr: '' });
    expect(server?.received).toEqual(['ping']);
  });

  test('refuses what cannot be one request, sends nothing, and goes on', async () => {
    const address = await serve((_line, socket) => socket.write(okFrame));
    const input = [Buffer.from('ping\xff\nregister a b \0\nregister a b \rlogout\n', 'latin1')];
    input.push(Buffer.from(`register a b ${'x'.repeat(8_180)}\n${'y'.repeat(100_000)}\nping\n`));
    const client = ClientProcess.start('connect', address);
    client.child.stdin.end(Buffer.concat(input));
    const { code, stdout } = await client.finished();
    expect(stdout.trimEnd().split('\n')).toEqual([
      'Error, Request tidak valid',
      'Error, Request tidak valid',
      'Error, Request tidak valid',
      'Error, Request terlalu panjang',
      'Error, Request terlalu panjang',
      'OK',
    ]);
    expect(server?.received).toEqual(['ping']);
    expect(code).toBe(0);
  });

  test('prints the inbox in the order of the reply, as ASCII, and nothing that a terminal would obey', async () => {
    const address = await serve((line, socket) => {
      if (line.startsWith('auth')) socket.write('{"status":"OK","tokenid":"t"}\n\n');
      else if (line === 'inbox t') socket.write('{"status":"OK","messages":{"zoe":["é"],"7":[]}}\n\n');
      else socket.write('{"status":"OK","message":"\\u001b[2J\\u009b, "}\n\n');
    });
    const { stdout } = await ClientProcess.run(['connect', address], 'auth a b\ninbox\nactiveuser\n');
    expect(stdout).toBe(
      'username a logged in, token t\n{"zoe": ["\\u00e9"], "7": []}\nActive User: "\\u001b[2J\\u009b, "\n',
    );
  });

  test('comes back when the server says so: nothing is lost, doubled or overtaken, and the output is as ever', async () => {
    const taken: string[] = [];
    let refusalsLeft = 2;
    const address = await serve((line, socket) => {
      if (line.startsWith('auth')) socket.write('{"status": "OK", "tokenid": "t"}\r\n\r\n');
      else if (taken.length === 1 && refusalsLeft > 0) {
        refusalsLeft -= 1;
        socket.write(refusedFor(30));
      } else {
        taken.push(line);
        socket.write(okFrame);
      }
    });
    const input = 'auth a b\nsend c one\nsend c two\nsend c three\n';
    expect(await ClientProcess.run(['connect', address], input)).toEqual({
      code: 0,
      stdout: `username a logged in, token t\n${'message sent to c\n'.repeat(3)}`,
      stderr: 'chat-client: the server limits how much it takes at once: going on as fast as it allows.\n',
    });
    expect(taken).toEqual(['send t c one', 'send t c two', 'send t c three']);
  });

  test('does not wait for longer than it would for a reply', async () => {
    const address = await serve((_line, socket) => socket.write(refusedFor(1_001)));
    const { code, stdout, stderr } = await ClientProcess.run(
      ['connect', '--timeout', '1', address],
      'ping\n',
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Error, Terlalu banyak\n' });
    expect(stderr).toBe('chat-client: try again in 1.0 s.\n');
    expect(server?.received).toEqual(['ping']);
  });

  test('does not come back to a server that has closed the connection', async () => {
    const address = await serve((_line, socket) => socket.end(refusedFor(20_000)));
    const { code, stdout, stderr } = await ClientProcess.run(['connect', address], 'ping\nping\n');
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'Error, Terlalu banyak\n' });
    expect(stderr).toContain(`the connection to ${address} is lost`);
  });

  test('shows a reply however deeply it is nested', async () => {
    const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const address = await serve((_line, socket) =>
      socket.write(`{"status": "OK", "a": "é", "b": ${nested}}\r\n\r\n`),
    );
    const { code, stdout, stderr } = await ClientProcess.run(['connect', address], 'ping\n');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`a é, b ${nested}\n`);
  });

  test('leaves quietly when nobody reads its output any more', async () => {
    const address = await serve((_line, socket) => socket.write(okFrame));
    const client = ClientProcess.start('connect', address);
    await client.enter('ping');
    client.child.stdout.destroy();
    await once(client.child.stdout, 'close');
    client.child.stdin.end('ping\n'.repeat(100));
    const { code, stderr } = await client.finished();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.each([[[]], [['--json']]])('says so when its output goes to a full disk, %j', async (flags) => {
    const address = await serve((_line, socket) => socket.write(okFrame));
    const client = ClientProcess.startOnFullDisk('connect', ...flags, address);
    client.child.stdin.end('ping\n');
    expect(await client.finished()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^chat-client: cannot write to standard output: ENOSPC[^\n]*\n$/,
      ) as string,
    });
  });

  test('goes on when nobody reads its hints any more', async () => {
    const replies = ['{"status": "OK", "tokenid": "t"}', '{"status": "OK", "messages": [], "more": false}'];
    const address = await serve((_line, socket) => {
      socket.write(`${replies.shift() ?? '{"status": "OK", "message": "pong"}'}\r\n\r\n`);
    });
    const client = ClientProcess.start('connect', address);
    client.child.stderr.destroy();
    await client.enter('auth messi surabaya');
    client.child.stdin.write('search nothing\n');
    expect(await client.enter('ping')).toBe('pong');
    expect(await client.end()).toMatchObject({ code: 0 });
  });
});

describe('chat-client when things go wrong', () => {
  test('no server: says what to do, exit 1', async () => {
    const port = await findFreePort();
    expect(await ClientProcess.run(['connect', `127.0.0.1:${port}`], 'inbox\n')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `chat-client: cannot connect to 127.0.0.1:${port}: connection refused. ` +
        'Is the server running? Start it with: chat-server\n',
    });
  });

  test.each([
    ['during a command', true],
    ['while it waits for input', false],
  ])('connection lost %s: says so, exit 1', async (_when, duringCommand) => {
    const address = await serve((_line, socket) => {
      if (duringCommand) socket.destroy();
      else socket.end(okFrame);
    });
    const client = ClientProcess.start('connect', address);
    client.child.stdin.write('ping\n');
    const { code, stdout, stderr } = await client.finished();
    expect(stdout).toBe(duringCommand ? '' : 'OK\n');
    expect(stderr).toContain(`the connection to ${address} is lost`);
    expect(stderr).toContain(`chat-client connect ${address}`);
    expect(code).toBe(1);
  });

  test('no reply in time: exit 1', async () => {
    const address = await serve(() => undefined);
    const { code, stderr } = await ClientProcess.run(['connect', '--timeout', '1', address], 'ping\n');
    expect(stderr).toContain('no reply within 1000 ms');
    expect(code).toBe(1);
  });

  test('something else listens there: exit 1', async () => {
    const address = await serve((_line, socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const { code, stderr } = await ClientProcess.run(['connect', address], 'ping\n');
    expect(stderr).toContain(`Is it a chat server that listens at ${address}?`);
    expect(code).toBe(1);
  });

  test('bad usage: exit 2; help and version: exit 0', async () => {
    expect(await ClientProcess.run(['connect', 'localhost:0'])).toMatchObject({ code: 2, stdout: '' });
    expect(await ClientProcess.run([])).toMatchObject({ code: 2 });
    expect(await ClientProcess.run(['--help'])).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await ClientProcess.run(['--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
