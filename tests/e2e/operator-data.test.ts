// Goal: backup, check and export, of a running server and of a stopped one: nothing acknowledged is missing, and damage is found.
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { dataFolders } from '../../shared/journal/data-folders';
import { Environment } from '../../workers/tables/environment';
import { Tables } from '../../workers/tables/tables';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { jsonLines, operate } from '../support/operator-command';
import { prepareUsers } from '../support/prepared-data';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

let folder: TemporaryFolder;
let data: string;
let copy: string;
let server: ServerProcess;
let token: string;

beforeEach(async () => {
  folder = new TemporaryFolder();
  data = folder.file('data');
  copy = folder.file('copy');
  server = await ServerProcess.start(['--threads', '1', '--max-inbox', '1000000'], { data });
  token = await logIn('messi');
});
afterEach(async () => {
  await server.kill();
  folder.remove();
});

function ask(request: string): Promise<string> {
  return LineSocket.askOnce(server.address, request);
}

async function logIn(name: string): Promise<string> {
  return (JSON.parse(await ask(`auth ${name} surabaya`)) as { tokenid: string }).tokenid;
}

/** Sends until told to stop; says how many were acknowledged. */
class Load {
  acknowledged = 0;
  private isStopping = false;
  private readonly done: Promise<void>;
  private onFirst: (() => void) | undefined;
  readonly begun = new Promise<void>((resolve) => (this.onFirst = resolve));

  constructor(private readonly name: string) {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.done;
  }

  private async run(): Promise<void> {
    const client = await LineSocket.connect(server.address);
    for (let number = 1; !this.isStopping; number += 1) {
      expect(await client.ask(`send ${token} henderson ${this.name}.${number}`)).toContain('"OK"');
      this.acknowledged = number;
      if (number === 50) this.onFirst?.();
    }
    client.destroy();
  }
}

function texts(stdout: string): string[] {
  return jsonLines(stdout).flatMap(({ type, text }) => (type === 'unread' ? [text as string] : []));
}

test('a copy made under load starts, and has all that was acknowledged before it, in order', async () => {
  const loads = ['a', 'b', 'c', 'd'].map((name) => new Load(name));
  await Promise.all(loads.map(({ begun }) => begun));
  const before = loads.map(({ acknowledged }) => acknowledged);
  expect(await operate(['backup', copy, '--data', data])).toMatchObject({ code: 0, stderr: '' });
  await Promise.all(loads.map((load) => load.stop()));
  await server.stop();
  expect(statSync(copy).mode & 0o077).toBe(0);
  expect(readdirSync(copy).sort()).toEqual(['journal', 'tables']);

  expect(await operate(['check', '--data', copy])).toMatchObject({ code: 0 });
  server = await ServerProcess.start(['--threads', '1'], { data: copy });
  expect(await ask(`whoami ${token}`)).toContain('Lionel Messi');
  const sent = texts((await operate(['export', 'henderson', '--data', copy])).stdout);
  for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
    const numbers = sent.filter((text) => text.startsWith(name)).map((text) => Number(text.slice(2)));
    expect(numbers).toEqual(numbers.map((_, place) => place + 1));
    expect(numbers.length).toBeGreaterThanOrEqual(before[index]!);
  }
}, 60_000);

test('a stopped server is copied just so; a folder that is not empty is refused', async () => {
  await ask(`send ${token} henderson satu`);
  await server.kill();
  expect((await operate(['backup', copy, '--data', data])).code).toBe(0);
  const refused = await operate(['backup', copy, '--data', data]);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('not empty') as string });
  expect((await operate(['backup', path.join(data, 'copy'), '--data', data])).code).toBe(2);
  expect(texts((await operate(['export', 'henderson', '--data', copy])).stdout)).toEqual(['satu']);
});

test('TERM does not wait for the disk that a copy goes to: nothing is left of the copy, and the server ends', async () => {
  const copied = operate(['backup', copy, '--data', data]);
  // It stands still, as on a disk that takes nothing.
  process.kill(await childOf(server.pid, 'copy-process'), 'SIGSTOP');
  expect((await server.stop()).code).toBe(0);
  expect(await copied).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the server stops') as string,
  });
  expect(readdirSync(copy)).toEqual([]);
});

/**
 * The process that another one starts, as soon as it runs its own program: whoever starts it waits for that, and for ever when
 * it is stopped before. Linux only.
 */
async function childOf(pid: number, program: string): Promise<number> {
  for (;;) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [child] = readProcess(`${pid}/task/${thread}/children`).split(' ');
      if (child !== '' && readProcess(`${child}/cmdline`).includes(program)) return Number(child);
    }
    await nextTurn();
  }
}

/** Empty when there is no such process any more. */
function readProcess(file: string): string {
  try {
    return readFileSync(`/proc/${file}`, 'latin1').trim();
  } catch {
    return '';
  }
}

test('export has the account and its messages, as of now, and no secret', async () => {
  await ask(`send ${token} henderson satu "dua" \\ 😀`);
  const running = await operate(['export', 'HENDERSON', '--data', data]);
  const [account, unread] = jsonLines(running.stdout);
  expect(account).toMatchObject({ type: 'account', username: 'henderson', displayName: 'Jordan Henderson' });
  expect(unread).toMatchObject({ type: 'unread', from: 'messi', text: 'satu "dua" \\ 😀' });
  expect(running.stdout).not.toMatch(/argon2|surabaya/);
  await server.kill();
  expect(await operate(['export', 'henderson', '--data', data])).toEqual(running);
  expect(await operate(['export', 'siapa', '--data', data])).toMatchObject({ code: 2, stdout: '' });
});

test('export to a disk that is full says so, and blames no data', async () => {
  const full = openSync('/dev/full', 'w');
  try {
    const ended = await operate(['export', 'henderson', '--data', data], { output: full });
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^chat-server: cannot write to standard output: ENOSPC[^\n]*\n$/,
      ) as string,
    });
  } finally {
    closeSync(full);
  }
});

test.each([
  ['user list'],
  ['user list --json'],
  ['export messi'],
  ['check'],
  ['limits'],
  ['--help'],
  ['--version'],
])('%s ends quietly when nobody reads what it prints', async (command) => {
  await ask(`send ${token} messi satu`);
  const ended = await operate([...command.split(' '), '--data', data], { isAbandoned: true });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
});

test.each([
  ['user', 2],
  ['help nothing', 2],
  ['--no-such-option', 2],
  ['export siapa', 2],
  ['--threads 1', 4],
] as const)('%s ends with its exit code also when nobody reads why', async (command, code) => {
  expect(await operate([...command.split(' '), '--data', data], { isUnheard: true })).toMatchObject({ code });
});

test('check of a running server reads the tables, and says that the journal was not read', async () => {
  const load = new Load('a');
  await load.begun;
  const checked = await operate(['check', '--data', data]);
  await load.stop();
  expect(checked).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/Damage\s+none\nNot checked/) as string,
  });
});

test('check refuses what a start of the same options has no memory for', async () => {
  const crowded = folder.file('crowded');
  // Half of this memory is the journal's ring, and a tenth of the rest the accounts'.
  await prepareUsers(crowded, 15_000);
  const small = ['--data', crowded, '--memory', '32'];
  expect(await ServerProcess.run(['--port', '0', ...small])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('raise --memory') as string,
  });
  expect(await operate(['check', ...small])).toMatchObject({
    code: 2,
    stdout: expect.not.stringContaining('none') as string,
    stderr: expect.stringContaining('raise --memory') as string,
  });
  expect(await operate(['check', '--data', crowded])).toMatchObject({ code: 0 });
});

test('check takes what a kill leaves of a first start for no damage, and a start goes on from it', async () => {
  const moments: Record<string, (tables: string, journal: string) => Promise<void> | void> = {
    'no file of the tables': () => undefined,
    'no table': (tables) => Environment.open(tables, false).close(),
    'one table': async (tables) => {
      const environment = Environment.open(tables, false);
      environment.table('meta');
      await environment.close();
    },
    'no journal': async (tables) => (await Tables.open(tables)).close(),
    'no segment': async (tables, journal) => {
      await (await Tables.open(tables)).close();
      mkdirSync(journal);
      writeFileSync(path.join(journal, 'spare-1'), '');
    },
  };
  for (const [index, [moment, begin]] of Object.entries(moments).entries()) {
    const place = folder.file(`begun-${index}`);
    const { tables, journal } = dataFolders(place);
    mkdirSync(tables, { recursive: true });
    await begin(tables, journal);
    const checked = await operate(['check', '--data', place]);
    expect({ moment, ...checked }).toMatchObject({ moment, code: 0, stderr: '' });
    expect(checked.stdout).toMatch(/none yet: a first start was cut short[^]*Damage\s+none/);
    expect(await operate(['user', 'list', '--data', place])).toMatchObject({ code: 0, stderr: '' });
  }
}, 60_000);

test('check finds a wrong configuration', async () => {
  const file = folder.write('chat.json', '{"threads": "many"}');
  expect(await operate(['check', '--config', file])).toMatchObject({ code: 2 });
});

describe('check of a stopped server', () => {
  beforeEach(async () => {
    for (let number = 0; number < 20; number += 1) await ask(`send ${token} henderson pesan ${number}`);
    await server.kill();
  });

  function overwrite(file: string, at: number, bytes: Buffer): void {
    const descriptor = openSync(file, 'r+');
    writeSync(descriptor, bytes, 0, bytes.length, at);
    closeSync(descriptor);
  }

  async function expectDamage(pattern: RegExp): Promise<void> {
    const checked = await operate(['check', '--data', data]);
    expect(checked.code).toBe(4);
    expect(checked.stdout + checked.stderr).toMatch(pattern);
    expect(checked.stderr).toMatch(/backup/);
  }

  test('says what there is when all is well', async () => {
    const checked = await operate(['check', '--data', data]);
    expect(checked).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('20 unread messages') as string,
    });
  });

  test('finds a changed byte in the journal', async () => {
    const journal = path.join(data, 'journal');
    const segment = readdirSync(journal).find((name) => name.startsWith('segment'))!;
    const file = path.join(journal, segment);
    const at = readFileSync(file).indexOf('pesan 3');
    overwrite(file, at, Buffer.from('Q'));
    await expectDamage(/JOURNAL_DAMAGED/);
  });

  test('finds tables that are missing, foreign or cut short', async () => {
    const tables = path.join(data, 'tables', 'data.mdb');
    const whole = readFileSync(tables);
    writeFileSync(tables, whole.subarray(0, 4_096));
    await expectDamage(/data\.mdb ends/);
    overwrite(tables, 0, Buffer.alloc(4_096, 'x'));
    await expectDamage(/not a data file|damaged/);
  });
});
