// Goal: every option also in the environment and in a file; flag before environment before file; errors are exit 2 or 3.
import { cleanUp } from '../support/clean-up';
import { findFreePort } from '../support/free-port';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

let folder: TemporaryFolder;

beforeAll(() => {
  folder = new TemporaryFolder();
});
afterAll(() => {
  folder.remove();
});

/** Starts, returns the port it came up on and the number of threads it says it has, and stops it. */
async function startedWith(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ port: number; threads: string }> {
  const server = await ServerProcess.start(args, { port: null, environment });
  const { port } = server.address;
  const client = await LineSocket.connect({ host: '127.0.0.1', port });
  expect(await client.ask('ping')).toContain('"status": "OK"');
  client.destroy();
  const threads = /^.*threads.*$/im.exec(server.stdout)?.[0] ?? '';
  await server.stop();
  return { port, threads };
}

async function configurationFile(values: Readonly<Record<string, unknown>>): Promise<string> {
  return Promise.resolve(
    folder.write(`config-${Object.values(values).join('-')}.json`, JSON.stringify(values)),
  );
}

describe('where options come from', () => {
  test('the environment, CHAT_ and the name of the option', async () => {
    const port = await findFreePort();
    const started = await startedWith([], { CHAT_PORT: String(port), CHAT_THREADS: '3' });
    expect(started.port).toBe(port);
    expect(started.threads).toMatch(/\b3\b/);
  });

  test('a file, given by flag or by the environment', async () => {
    const port = await findFreePort();
    const file = await configurationFile({ port, threads: 3 });
    for (const started of [
      await startedWith(['--config', file]),
      await startedWith([], { CHAT_CONFIG: file }),
    ]) {
      expect(started.port).toBe(port);
      expect(started.threads).toMatch(/\b3\b/);
    }
  });

  test('a flag beats the environment, the environment beats the file, the file beats the default', async () => {
    const [byFlag, byEnvironment, byFile] = [
      await findFreePort(),
      await findFreePort(),
      await findFreePort(),
    ];
    const file = await configurationFile({ port: byFile, threads: 3 });
    const environment = { CHAT_PORT: String(byEnvironment), CHAT_CONFIG: file };
    const flagged = await startedWith(['--port', String(byFlag)], environment);
    expect(flagged.port).toBe(byFlag);
    expect(flagged.threads).toMatch(/\b3\b/);
    expect((await startedWith([], environment)).port).toBe(byEnvironment);
  });

  test('a variable that is no option is told with the nearest one, and the server starts', async () => {
    const environment = { CHAT_THREDS: '3', CHAT_DATA_DIR: '/tmp', CHAT_THREADS: '1', CHATTER: '1' };
    const server = await ServerProcess.start([], { environment });
    await server.stop();
    const told = server.stderr.split('\n').filter((line) => line.includes('is ignored'));
    expect(told).toHaveLength(2);
    expect(told[0]).toContain(
      'CHAT_THREDS in the environment is no option and is ignored; is it CHAT_THREADS?',
    );
    expect(told[1]).toContain(
      'CHAT_DATA_DIR in the environment is no option and is ignored; is it CHAT_DATA?',
    );
  });

  test('switches and bounds too', async () => {
    const file = await configurationFile({ 'open-registration': true, 'max-line': 5_000 });
    const server = await ServerProcess.start(['--config', file]);
    const client = await LineSocket.connect(server.address);
    expect(await client.ask('register siti rahasia')).toContain('"status": "OK"');
    expect(await client.ask('x'.repeat(5_000))).toContain('"BAD_COMMAND"');
    expect(await client.ask('x'.repeat(5_001))).toContain('"LINE_TOO_LONG"');
    client.destroy();
    await server.stop();
  });
});

test.each(['false', '0', 'no'])(
  'a switch that the environment sets to %s is off, or refused',
  async (value) => {
    const environment = { CHAT_OPEN_REGISTRATION: value };
    let server: ServerProcess;
    try {
      server = await ServerProcess.start(['--threads', '1'], { environment });
    } catch (error) {
      expect(String(error)).toContain('CHAT_OPEN_REGISTRATION');
      return;
    }
    const client = await LineSocket.connect(server.address);
    expect(await client.ask('register siti rahasia')).toContain('"FORBIDDEN"');
    client.destroy();
    await server.stop();
  },
);

describe('exit code 2, and the text names what is wrong', () => {
  test.each([
    [['--no-such-option'], /--no-such-option/],
    [['--port', 'http'], /port.*http/is],
    [['--port', '65536'], /port.*65536/is],
    [['--threads', '0'], /threads/i],
    [['--threads', '1.5'], /threads/i],
    [['--max-line', '10'], /max-line/i],
    [['--max-connections', '-1'], /max-connections/i],
    [['--log-level', 'loud'], /log-level/i],
    [['limits', 'surplus'], /too many arguments/],
    [['usr'], /unknown command 'usr'.*user, backup/],
    [['--host', 'no such host'], /host/i],
    [['--users', ''], /--users.*It is empty/],
    [['--config', ''], /--config.*It is empty/],
  ] as const)('%j', async (args, text) => {
    const exit = await ServerProcess.run(['--ephemeral', ...args]);
    expect(exit.stderr).toMatch(text);
    expect(exit.stderr).not.toMatch(/\n\s+at /);
    expect(exit.code).toBe(2);
  });

  test('in the environment', async () => {
    const exit = await ServerProcess.run(['--ephemeral'], { CHAT_PORT: 'http' });
    expect(exit.stderr).toContain('CHAT_PORT');
    expect(exit.code).toBe(2);
    const empty = await ServerProcess.run(['--ephemeral'], { CHAT_USERS: '' });
    expect(empty.stderr).toContain('CHAT_USERS');
    expect(empty.code).toBe(2);
  });

  test('in the file: missing, malformed, an unknown option, a value of the wrong kind', async () => {
    const files = [
      [folder.file('missing.json'), /missing\.json/],
      [folder.write('malformed.json', '{"port": '), /malformed\.json/],
      [folder.write('unknown.json', '{"prot": 8889}'), /unknown\.json.*prot|prot.*unknown\.json/s],
      [folder.write('kind.json', '{"port": "http"}'), /port/],
      [folder.write('list.json', '[8889]'), /list\.json/],
    ] as const;
    for (const [file, text] of files) {
      const exit = await ServerProcess.run(['--ephemeral', '--config', file]);
      expect(exit.stderr).toMatch(text);
      expect(exit.stderr).not.toMatch(/\n\s+at /);
      expect(exit.code).toBe(2);
    }
  });
});

test('an address in use is exit code 3, and the text names it', async () => {
  const server = await ServerProcess.start(['--threads', '1']);
  const { port } = server.address;
  const exit = await ServerProcess.run(['--ephemeral', '--port', String(port)]);
  expect(exit.stderr).toContain(`127.0.0.1:${port}`);
  expect(exit.stderr).not.toMatch(/\n\s+at /);
  expect(exit.code).toBe(3);
  await server.stop();
});

test('an address that this machine does not have is exit code 3, and the text names it', async () => {
  const users = folder.write('users.jsonl', '{"username": "siti", "password": "rahasia"}\n');
  // One of the addresses that are kept for examples (RFC 5737).
  const exit = await ServerProcess.run(['--ephemeral', '--users', users, '--host', '203.0.113.5']);
  expect(exit.stderr).toContain('this machine has no address 203.0.113.5');
  expect(exit.code).toBe(3);
});

test('--help lists the options and shows examples, exit code 0', async () => {
  const exit = await ServerProcess.run(['--help']);
  expect(exit.code).toBe(0);
  expect(exit.stdout).toMatch(/examples?:/i);
  expect(exit.stdout).toContain('chat-server --');
  const options = ['threads', 'host', 'port', 'ephemeral', 'memory', 'users', 'max-connections', 'max-line'];
  const others = ['open-registration', 'log-level', 'log-format', 'config'];
  for (const option of [...options, ...others]) expect(exit.stdout).toContain(`--${option}`);
});

test('--version prints the version of the package, exit code 0', async () => {
  const exit = await ServerProcess.run(['--version']);
  expect(exit.code).toBe(0);
  expect(exit.stdout).toMatch(/\d+\.\d+\.\d+/);
});

test('the log goes to standard error, one JSON object a line, or pretty; standard output has the start lines', async () => {
  const logged = async (...args: string[]): Promise<string> => {
    const server = await ServerProcess.start(['--threads', '1', ...args]);
    const { stdout, stderr } = await server.stop();
    expect(stdout.trimEnd().split('\n').at(-1)).toContain('chat-client connect');
    return stderr.trimEnd();
  };
  const lines = (await logged()).split('\n');
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ msg: expect.any(String) as string });
  expect((await logged('--log-format', 'pretty')).split('\n')[0]).toMatch(/INFO/);
  expect(await logged('--log-level', 'silent')).toBe('');
});
