/** Goal: the compiled chat-load measures a real server over real connections and says so in its JSON and exit code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SeedServer } from '../support/seed-server';

const program = path.resolve(__dirname, '..', '..', 'dist', 'client', 'load', 'main.js');

interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Only what these tests look at. */
interface Report {
  readonly result: {
    readonly reason: string;
    readonly measuredMs: number;
    readonly requestCount: number;
    readonly requestsPerSecond: number;
    readonly errors: Record<string, number>;
    readonly latencyMs: { readonly count: number; readonly p50: number; readonly max: number };
    readonly latencyMsByCommand: Record<string, { readonly count: number }>;
    readonly series: readonly unknown[];
    readonly connectionsLostCount: number;
  };
  readonly warnings: readonly string[];
  readonly server: { readonly pid?: number };
}

/** A chat server as far as chat-load is concerned: one reply a line, made by the test. */
class Responder {
  readonly requests: string[] = [];
  /** In the order in which they came. */
  readonly sockets: Socket[] = [];
  connectionCount = 0;
  onRequest: (() => void) | undefined;

  private constructor(private readonly server: Server) {}

  static async start(replyTo: (line: string) => string, connectionsMax = Infinity): Promise<Responder> {
    const responder = new Responder(createServer());
    responder.server.on('connection', (socket) => {
      responder.connectionCount += 1;
      responder.sockets.push(socket);
      if (responder.connectionCount > connectionsMax) socket.destroy();
      let pending = '';
      socket.setEncoding('latin1').on('data', (text: string) => {
        const lines = (pending + text).split(/\r?\n/);
        pending = lines.pop()!;
        responder.requests.push(...lines);
        socket.write(lines.map((line) => `${replyTo(line)}\r\n\r\n`).join(''));
        responder.onRequest?.();
      });
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => responder.server.listen(0, '127.0.0.1', resolve));
    return responder;
  }

  get target(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
  }
}

function chatReply(line: string): string {
  if (line.startsWith('auth ')) return '{"status": "OK", "tokenid": "a695cc5d-e883-4fe5-a239-e8175c4781b6"}';
  if (line.startsWith('inbox ')) return '{"status": "OK", "messages": {}}';
  return '{"status": "OK", "message": "Message Sent"}';
}

function run(args: readonly string[], onStart?: (child: ChildProcess) => void): Promise<Output> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  onStart?.(child);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/** Nobody reads its standard output, as in `chat-load … | true`. */
async function runUnread(args: readonly string[]): Promise<Omit<Output, 'stdout'>> {
  const { code, stderr } = await run(args, (child) => child.stdout?.destroy());
  return { code, stderr };
}

const reportOf = (output: Output): Report => JSON.parse(output.stdout) as Report;

let responder: Responder | undefined;
afterEach(async () => {
  await responder?.stop();
  responder = undefined;
});

test('a second of chat is measured: both commands, a time series, no errors, exit code 0', async () => {
  responder = await Responder.start(chatReply);
  const args = ['--duration', '1', '--warmup', '0.2', '--connections', '5', '--in-flight', '4', '--json'];
  const output = await run([responder.target, ...args]);
  expect(output.stderr).toBe('');
  expect(output.code).toBe(0);
  const { result, server } = reportOf(output);
  expect(result.reason).toBe('complete');
  expect(result.errors).toEqual({});
  expect(result.requestCount).toBeGreaterThan(0);
  expect(result.requestsPerSecond).toBeGreaterThan(0);
  expect(result.latencyMs.max).toBeGreaterThanOrEqual(result.latencyMs.p50);
  expect(result.series.length).toBeGreaterThan(3);
  const { send, inbox } = result.latencyMsByCommand;
  expect(send!.count / inbox!.count).toBeGreaterThan(10);
  expect(send!.count / inbox!.count).toBeLessThan(20);
  // The responder lives in this very process, which is how chat-load should find it.
  if (process.platform === 'linux') expect(server.pid).toBe(process.pid);
  // Three accounts log in once, over one connection; five connections carry the load.
  expect(responder.requests.filter((line) => line.startsWith('auth '))).toHaveLength(3);
  expect(responder.connectionCount).toBe(6);
});

test.each([[1], [2]])(
  'exactly the requests asked for are made and answered, with %i generator threads',
  async (threads) => {
    responder = await Responder.start(chatReply);
    const args = [
      '--requests',
      '1000',
      '--connections',
      '7',
      '--generator-threads',
      String(threads),
      '--json',
    ];
    const output = await run([responder.target, ...args]);
    expect(output.code).toBe(0);
    expect(reportOf(output).result).toMatchObject({ requestCount: 1_000, latencyMs: { count: 1_000 } });
    // Besides those, three logins and one greeting on each connection.
    expect(responder.requests).toHaveLength(1_010);
  },
);

test('nobody reads the summary: it ends quietly, and the report is written', async () => {
  responder = await Responder.start(chatReply);
  const folder = mkdtempSync(path.join(tmpdir(), 'chat-load-'));
  const file = path.join(folder, 'load.html');
  const ended = await runUnread([responder.target, '--requests', '20', '--report', file]);
  expect(ended).toEqual({ code: 0, stderr: `report written to ${file}\n` });
  expect(readFileSync(file, 'utf8')).toContain('<html');
  rmSync(folder, { recursive: true });
});

test('one thread without connections does not end the run of the others', async () => {
  responder = await Responder.start(chatReply);
  const started = responder;
  started.onRequest = () => {
    // The first one was for the logins.
    if (started.requests.length > 100) started.sockets[1]!.destroy();
  };
  const args = ['--requests', '2000', '--connections', '2', '--generator-threads', '2', '--json'];
  const output = await run([started.target, ...args]);
  const { result, warnings } = reportOf(output);
  expect(output.code).toBe(1);
  expect(result).toMatchObject({ reason: 'complete', connectionsLostCount: 1 });
  expect(result.latencyMsByCommand.send!.count).toBeGreaterThan(900);
  expect(warnings).toEqual([
    '1 errors, see their codes: error replies are counted as requests, failed connections are not.',
    '1 connections were lost.',
  ]);
});

test.each([
  ['in a folder that is not there', (folder: string) => path.join(folder, 'none', 'load.html')],
  ['that is a folder', (folder: string) => folder],
])('a report %s is told before the run', async (_what, fileIn) => {
  responder = await Responder.start(chatReply);
  const folder = mkdtempSync(path.join(tmpdir(), 'chat-load-'));
  try {
    const output = await run([responder.target, '--requests', '20', '--report', fileIn(folder)]);
    expect(output.code).toBe(2);
    expect(output.stderr).toContain('--report');
    expect(responder.connectionCount).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a report that cannot be written in the end does not take the summary with it', async () => {
  responder = await Responder.start(chatReply);
  // A disk that is full.
  const output = await run([responder.target, '--requests', '20', '--report', '/dev/full']);
  expect(output.code).toBe(1);
  expect(output.stdout).toContain('requests/s');
  expect(output.stderr).toContain('chat-load: cannot write the report: ENOSPC');
});

test('nobody reads the help: it ends quietly', async () => {
  expect(await runUnread(['--help'])).toEqual({ code: 0, stderr: '' });
});

test('an open loop makes as many requests as its rate says', async () => {
  responder = await Responder.start(chatReply);
  const args = ['--rate', '200', '--duration', '1', '--warmup', '0', '--json'];
  const { result } = reportOf(await run([responder.target, ...args]));
  // The end comes late on a machine that has other things to do, and until then the rate goes on.
  const dueCount = (200 * result.measuredMs) / 1_000;
  expect(result.latencyMs.count).toBeGreaterThan(0.9 * dueCount);
  expect(result.latencyMs.count).toBeLessThanOrEqual(dueCount + 2);
});

test('a server of the original program, which waits for CRLF and takes one request at a time, is loaded', async () => {
  const original = await SeedServer.start();
  try {
    const args = ['--connections', '3', '--in-flight', '1', '--requests', '200', '--json'];
    const output = await run([`127.0.0.1:${original.port}`, ...args]);
    expect(output.code).toBe(0);
    expect(reportOf(output).result).toMatchObject({ requestCount: 200, errors: {} });
  } finally {
    await original.stop();
  }
});

test('churn opens a connection for each request', async () => {
  responder = await Responder.start(chatReply);
  const output = await run([
    responder.target,
    '--workload',
    'churn',
    '--requests',
    '50',
    '--connections',
    '5',
    '--json',
  ]);
  expect(output.code).toBe(0);
  expect(reportOf(output).result.latencyMsByCommand).toMatchObject({
    ping: { count: 50 },
    connect: { count: 50 },
  });
  // One more looks whether the server is there at all.
  expect(responder.connectionCount).toBe(51);
});

test('error replies are counted by their code and make the exit code 1', async () => {
  const failure = '{"status": "ERROR", "message": "Inbox penerima penuh", "code": "INBOX_FULL"}';
  responder = await Responder.start((line) => (line.startsWith('send ') ? failure : chatReply(line)));
  const args = ['--workload', 'send', '--requests', '100', '--json'];
  const output = await run([responder.target, ...args]);
  expect(output.code).toBe(1);
  expect(reportOf(output).result.errors).toEqual({ INBOX_FULL: 100 });
});

test('an interrupt ends the run early and the summary still comes', async () => {
  responder = await Responder.start(chatReply);
  const started = responder;
  const output = await run([started.target, '--duration', '600', '--warmup', '0'], (child) => {
    started.onRequest = () => {
      if (started.requests.length > 500) {
        started.onRequest = undefined;
        child.kill('SIGINT');
      }
    };
  });
  expect(output.code).toBe(0);
  expect(output.stdout).toContain('requests/s');
  expect(output.stdout).toContain('Ended early by a signal.');
});

test('the report is one page without anything to load from elsewhere', async () => {
  responder = await Responder.start(chatReply);
  const folder = mkdtempSync(path.join(tmpdir(), 'chat-load-'));
  try {
    const page = path.join(folder, 'load.html');
    const output = await run([responder.target, '--requests', '500', '--report', page]);
    expect(output.code).toBe(0);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('uPlot');
    expect(html).not.toMatch(/(src|href)=/);
    expect(html).not.toContain('surabaya');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('accounts come from a file, and a line of it that is wrong is named', async () => {
  responder = await Responder.start(chatReply);
  const folder = mkdtempSync(path.join(tmpdir(), 'chat-load-'));
  try {
    const file = path.join(folder, 'accounts.jsonl');
    writeFileSync(file, '{"username": "budi", "password": "rahasia", "name": "Budi"}\n');
    expect((await run([responder.target, '--users', file, '--requests', '10'])).code).toBe(0);
    expect(responder.requests[0]).toBe('auth budi rahasia');
    writeFileSync(file, '{"username": "budi", "password": "rahasia"}\n{"username": "ani"}\n');
    const output = await run([responder.target, '--users', file, '--requests', '10']);
    expect(output.code).toBe(2);
    expect(output.stderr).toContain('line 2');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(['--users', '--tokens'])('a file for %s that is missing or empty is bad usage', async (option) => {
  for (const file of [path.join(tmpdir(), 'no-such-file'), '/dev/null']) {
    const output = await run([option, file]);
    expect(output.stderr).toContain(file);
    expect(output.code).toBe(2);
  }
});

test('what talks without an end is no chat server', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    const talk = (): void => {
      while (socket.write('x'.repeat(65_536)));
    };
    socket.on('drain', talk);
    talk();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const output = await run([`127.0.0.1:${port}`]);
  server.close();
  expect(output.stderr).toContain('does not speak the chat protocol: it answered "xxx');
  expect(output.code).toBe(1);
});

test('where nothing listens, the message says what to do', async () => {
  responder = await Responder.start(chatReply);
  const { target } = responder;
  await responder.stop();
  responder = undefined;
  const output = await run([target]);
  expect(output.code).toBe(1);
  expect(output.stderr).toContain(`nothing listens on ${target}`);
  expect(output.stderr).not.toContain('    at ');
  const { port } = new URL(`tcp://${target}`);
  expect((await run([`[::1]:${port}`])).stderr).toContain(`[::1]:${port}`);
});

test('a server that takes no more connections is told, with how many were asked for', async () => {
  responder = await Responder.start(chatReply, 4);
  const output = await run([responder.target, '--connections', '10']);
  expect(output.code).toBe(1);
  expect(output.stderr).toContain('Does it allow 10?');
});

test('a refused login is told with the account', async () => {
  responder = await Responder.start(
    () => '{"status": "ERROR", "message": "User Tidak Ada", "code": "NO_SUCH_USER"}',
  );
  const output = await run([responder.target]);
  expect(output.code).toBe(1);
  expect(output.stderr).toContain('cannot log in as messi: User Tidak Ada (NO_SUCH_USER)');
});

test('nothing that a server says is obeyed by the terminal', async () => {
  const message = '\\u001b]0;owned\\u0007\\u009b2J';
  responder = await Responder.start(() => `{"status": "ERROR", "message": "${message}", "code": "NO"}`);
  const { stderr } = await run([responder.target]);
  expect(stderr).toContain(`cannot log in as messi: ${message} (NO)`);
  await responder.stop();
  // After the logins, an error without a code, whose text stands in its place.
  const text = '{"status": "ERROR", "message": "\u001b[2J"}';
  responder = await Responder.start((request) => (request.startsWith('auth') ? chatReply(request) : text));
  const { stdout } = await run([responder.target, '--requests', '5', '--connections', '1']);
  expect(stdout).toMatch(/errors {5}\\u001b\[2J \d/);
  expect(stdout).not.toContain('\u001b');
});

test.each([
  ['--connections', '0'],
  ['--workload', 'nonsense'],
  ['--requests', '5', '--duration', '5'],
  ['not a target:port'],
])('bad usage ends with 2: %s %s', async (...args) => {
  const output = await run(args);
  expect(output.code).toBe(2);
  expect(output.stderr).toContain('error:');
});
