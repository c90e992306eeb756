// Goal: `npm run conformance -- host:port` reports one line a case and fails when a server breaks the contract.
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { cleanUp } from '../support/clean-up';
import { findFreePort } from '../support/free-port';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

// With data: a server that keeps none has no history to be asked for.
let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => {
  folder.remove();
});
afterAll(cleanUp);

const program = path.resolve(__dirname, '..', '..', 'dist', 'tests', 'conformance', 'main.js');

interface Exit {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: readonly string[]): Promise<Exit> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

/** A server that gives the same reply to every line. */
async function startWrongServer(reply: string): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      socket.write(reply.repeat(chunk.filter((byte) => byte === 0x0a).length));
    });
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port, server };
}

// Over TLS, because server-conformance.test.ts does all the same without.
test('against the real server: every line ok, a summary, exit code 0', async () => {
  const server = await ServerProcess.start(['--threads', '2', '--open-registration', '--tls-self-signed'], {
    data: folder.file('data'),
  });
  const { code, stdout } = await run('--tls', `127.0.0.1:${server.address.port}`);
  const lines = stdout.trimEnd().split('\n');
  const summary = lines.pop();
  expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
  expect(summary).toBe(`${lines.length} passed, 0 failed`);
  expect(code).toBe(0);
  await server.stop();
});

test('cases that need registration are skipped when the server forbids it, and accounts can be given', async () => {
  const server = await ServerProcess.start(['--threads', '1']);
  const accounts = [
    'lineker:surabaya:Gary Lineker',
    'MESSI:surabaya:Lionel Messi',
    'henderson:surabaya:Jordan Henderson',
  ];
  const { code, stdout } = await run(
    `127.0.0.1:${server.address.port}`,
    ...accounts.flatMap((account) => ['--user', account]),
  );
  expect(stdout.match(/^FAIL.*$/gm)).toBeNull();
  expect(stdout).toMatch(/^skip .*register.*\(the server does not allow registration\)$/m);
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^\d+ passed, 0 failed, \d+ skipped$/);
  expect(code).toBe(0);
  await server.stop();
});

test('a server that answers with other bytes: FAIL with expected and received, exit code 1', async () => {
  const { port, server } = await startWrongServer('{"status":"OK"}\r\n\r\n');
  const { code, stdout } = await run(`127.0.0.1:${port}`, '--only', 'empty line');
  expect(stdout).toContain('FAIL  1. an empty line is BAD_COMMAND');
  expect(stdout).toContain('after \\n');
  expect(stdout).toContain(
    'expected {"status": "ERROR", "message": "Command tidak benar", "code": "BAD_COMMAND"}\\r\\n\\r\\n',
  );
  expect(stdout).toContain('received {"status":"OK"}\\r\\n\\r\\n');
  expect(stdout).toMatch(/0 passed, 1 failed\n$/);
  expect(code).toBe(1);
  server.close();
});

test('a server that never answers: FAIL, exit code 1', async () => {
  const { port, server } = await startWrongServer('');
  const { code, stdout } = await run(`127.0.0.1:${port}`, '--only', 'empty line', '--timeout', '50');
  expect(stdout).toMatch(/received waited 50 ms for a reply/);
  expect(code).toBe(1);
  server.close();
});

test('nobody there: a clear text, exit code 1', async () => {
  const port = await findFreePort();
  const { code, stdout, stderr } = await run(`127.0.0.1:${port}`);
  expect(stderr).toMatch(new RegExp(`^cannot connect to 127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`));
  expect(stdout).toBe('');
  expect(code).toBe(1);
});

test('bad usage is exit code 2, --help shows examples', async () => {
  const bad = [
    [],
    ['localhost'],
    ['localhost:0'],
    ['localhost:1', '--user', 'x'],
    ['localhost:1', '--user', 'a:b'],
    ['localhost:1', '--timeout', 'x'],
  ];
  for (const args of bad) expect((await run(...args)).code).toBe(2);
  const help = await run('--help');
  expect(help.code).toBe(0);
  expect(help.stdout).toContain('npm run conformance -- localhost:8889');
});
