// Goal: the operator's account commands do the same on a running server and on a stopped one, and tell no secrets.
import { readFileSync } from 'node:fs';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { jsonLines, operate, type CommandExit, type CommandOptions } from '../support/operator-command';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

const password = 'rahasia-sekali';
let folder: TemporaryFolder;
let data: string;
let server: ServerProcess | undefined;

beforeEach(() => {
  folder = new TemporaryFolder();
  data = folder.file('data');
});
afterEach(async () => {
  await server?.kill();
  server = undefined;
  folder.remove();
});

async function startServer(): Promise<ServerProcess> {
  server = await ServerProcess.start(['--threads', '1'], { data });
  return server;
}

function user(args: readonly string[], options?: CommandOptions): Promise<CommandExit> {
  return operate(['user', ...args, '--data', data], options);
}

async function ask(request: string): Promise<Record<string, unknown>> {
  return JSON.parse(await LineSocket.askOnce(server!.address, request)) as Record<string, unknown>;
}

async function names(): Promise<unknown[]> {
  const { stdout, code } = await user(['list', '--json']);
  expect(code).toBe(0);
  return jsonLines(stdout).map(({ username }) => username);
}

describe.each(['stopped', 'running'])('a %s server', (state) => {
  beforeEach(async () => {
    // With an account of its own it starts without the demo accounts.
    expect((await user(['add', 'admin'], { input: 'apa-saja\n' })).code).toBe(0);
    if (state === 'running') await startServer();
  });

  test('add, list, passwd, remove: each is there after a restart', async () => {
    const added = await user(['add', 'Ana', '--name', 'Ana "😀" Anjani'], { input: `${password}\r\n` });
    expect(added).toMatchObject({ code: 0, stdout: 'created ana\n', stderr: '' });
    const { stdout } = await user(['list', '--json']);
    expect(jsonLines(stdout)).toContainEqual({
      username: 'ana',
      name: 'Ana "😀" Anjani',
      sessions: 0,
      unread: 0,
    });
    expect((await user(['list'])).stdout).toContain('Ana "😀" Anjani');

    // A crash, not a stop: what was answered is on disk.
    await server?.kill();
    await startServer();
    const session = await ask(`auth ana ${password}`);
    expect(session.status).toBe('OK');
    if (state === 'stopped') await server!.stop();

    expect((await user(['passwd', 'ana'], { input: 'lain\n' })).code).toBe(0);
    await server?.kill();
    await startServer();
    expect((await ask(`whoami ${String(session.tokenid)}`)).code).toBe('BAD_SESSION');
    expect((await ask(`auth ana ${password}`)).code).toBe('WRONG_PASSWORD');
    const second = await ask('auth ana lain');
    expect(second.status).toBe('OK');
    if (state === 'stopped') await server!.stop();

    expect((await user(['remove', 'ana'])).code).toBe(0);
    await server?.kill();
    await startServer();
    expect((await ask(`whoami ${String(second.tokenid)}`)).code).toBe('BAD_SESSION');
    expect((await ask('auth ana lain')).code).toBe('NO_SUCH_USER');
    expect(await names()).toEqual(['admin']);
  });

  test('what cannot be done is refused with exit code 2 and what to do next', async () => {
    expect(await user(['add', 'admin'], { input: 'x\n' })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(
        `admin already. Its password: chat-server --data ${data} user passwd admin`,
      ) as string,
    });
    for (const args of [
      ['passwd', 'siapa'],
      ['remove', 'siapa', '--yes'],
    ]) {
      const refused = await user(args, { input: 'x\n' });
      expect(refused).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`chat-server --data ${data} user list`) as string,
      });
    }
    expect((await user(['add', 'nama buruk'], { input: 'x\n' })).code).toBe(2);
    expect((await user(['add', 'ana', '--name', 'a\u001b[2J'], { input: 'x\n' })).code).toBe(2);
    expect((await user(['add', 'ana'], { input: 'dua kata\n' })).stderr).toMatch(/without spaces/);
    expect((await user(['add', 'ana'], { input: '' })).stderr).toMatch(/standard input/);
    expect(await names()).toEqual(['admin']);
  });

  test('import says of each line what became of it', async () => {
    const lines = [
      `{"username": "ana", "password": "${password}", "name": "Ana"}`,
      '',
      `{"username": "admin", "password": "${password}"}`,
      `{"username": "budi", "password": "${password}"`,
      `{"username": "bu di", "password": "${password}"}`,
      `{"username": "Ana", "password": "${password}-2"}`,
    ];
    const file = folder.write('users.jsonl', lines.join('\n'));
    const imported = await user(['import', file]);
    expect(imported.stdout.trimEnd().split('\n')).toEqual([
      `${file}:1: created ana`,
      `${file}:3: existing admin`,
      expect.stringMatching(/:4: failed: not JSON/) as string,
      expect.stringMatching(/:5: failed: "username"/) as string,
      `${file}:6: failed: ana stands there twice`,
      '1 created, 1 existing, 3 failed',
    ]);
    expect(imported.code).toBe(2);
    expect(imported.stdout + imported.stderr).not.toContain(password);
    expect(await names()).toEqual(['admin', 'ana']);
  });

  test('a password is on no command line, in no output and in no log', async () => {
    let commandLine = '';
    const added = await user(['add', 'ana'], {
      input: `${password}\n`,
      onStart: (processId) => {
        commandLine = readFileSync(`/proc/${processId}/cmdline`, 'utf8');
      },
    });
    const onTheLine = await user(['add', 'budi', password]);
    expect(onTheLine.code).toBe(2);
    const stopped = await server?.stop();
    server = undefined;
    for (const text of [commandLine, added.stdout, added.stderr, onTheLine.stdout, onTheLine.stderr])
      expect(text).not.toContain(password);
    if (stopped !== undefined) expect(stopped.stdout + stopped.stderr).not.toContain(password);
  });
});

test('the start counts the accounts that there are, not those that were removed', async () => {
  for (const name of ['ana', 'budi', 'citra']) await user(['add', name], { input: `${password}\n` });
  await user(['remove', 'ana', '--yes']);
  expect((await startServer()).stdout).toMatch(/^Accounts +2$/m);
  await user(['remove', 'budi', '--yes']);
  await server!.kill();
  expect((await startServer()).stdout).toMatch(/^Accounts +1$/m);
});

test('wrong usage has exit code 2; every command has its help with examples', async () => {
  for (const args of [
    ['user'],
    ['user', 'ad'],
    ['user', 'add'],
    ['backup'],
    ['export'],
    ['chek'],
    ['user', 'list', '--jso'],
  ])
    expect([args, (await operate(args)).code]).toEqual([args, 2]);
  const commands = [
    'user add',
    'user list',
    'user passwd',
    'user remove',
    'user import',
    'backup',
    'check',
    'export',
  ];
  for (const command of commands) {
    const { code, stdout } = await operate([...command.split(' '), '--help']);
    expect([command, code, stdout]).toEqual([
      command,
      0,
      expect.stringContaining('Examples:\n  $ chat-server'),
    ]);
  }
});

test('a directory without data is named, and none is made', async () => {
  for (const args of [
    ['user', 'list'],
    ['user', 'passwd', 'ana'],
    ['export', 'ana'],
    ['backup', folder.file('copy')],
  ]) {
    const refused = await operate([...args, '--data', data], { input: 'x\n' });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--data DIR') as string });
  }
  expect((await operate(['check', '--data', data])).code).toBe(0);
  expect(() => readFileSync(data)).toThrow('ENOENT');
});

test('commands at the same time take turns, on a stopped server too', async () => {
  const added = await Promise.all(
    ['ana', 'budi', 'citra'].map((name) => user(['add', name], { input: `${password}\n` })),
  );
  expect(added.map(({ code, stderr }) => [code, stderr.replace(/^(Waiting.*\n)+/, '')])).toEqual([
    [0, ''],
    [0, ''],
    [0, ''],
  ]);
  expect((await names()).sort()).toEqual(['ana', 'budi', 'citra']);
});

test('a command that meets a server that is stopping waits for its end, however long that takes', async () => {
  await user(['add', 'ana'], { input: `${password}\n` });
  const { address } = await startServer();
  // Who does not read its replies is waited for as long as may be: 8 s.
  const deaf = await LineSocket.connect(address, { reading: false });
  deaf.write('help\n'.repeat(20_000));
  const other = await LineSocket.connect(address);
  expect(await other.ask('ping')).toContain('"status": "OK"');
  other.destroy();
  server!.signal('SIGTERM');
  await server!.untilPrinted(/stopping; once more/);
  expect(await user(['list', '--json'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"ana"') as string,
  });
  expect(await server!.exited).toMatchObject({ code: 0 });
  deaf.destroy();
}, 60_000);
