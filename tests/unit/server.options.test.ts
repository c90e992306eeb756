// Goal: options come from flag, environment, file and default, in that order, and bad ones are refused by name.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createProgram, readOptions, type ServerOptions } from '../../server/options';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'benang-options-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  delete process.env.CHAT_PORT;
  delete process.env.CHAT_THREADS;
});

function read(...flags: string[]): ServerOptions {
  const program = createProgram('0.0.0').exitOverride();
  program.configureOutput({ writeErr: () => undefined });
  return readOptions(program.parse(flags, { from: 'user' }));
}

function configFile(text: string): string {
  const file = path.join(folder, 'chat.json');
  writeFileSync(file, text);
  return file;
}

test('defaults are those of the contract', () => {
  expect(read()).toMatchObject({
    host: '127.0.0.1',
    port: 8_889,
    threads: os.availableParallelism(),
    maxLine: 8_192,
    openRegistration: false,
    ephemeral: false,
    limitLoopback: false,
    lineTimeout: 30,
    floodRequests: 50,
    floodBytes: 65_536,
    maxConnectionsPerAddress: 256,
    registrationsPerHour: 10,
  });
});

test('a flag beats the environment, which beats the file, which beats the default', () => {
  const file = configFile('{"port": 1003, "threads": 3, "max-line": 5000}');
  process.env.CHAT_PORT = '1002';
  process.env.CHAT_THREADS = '2';
  expect(read('--config', file, '--port', '1001')).toMatchObject({ port: 1_001, threads: 2, maxLine: 5_000 });
});

test.each([
  ['{"port": 70000}', /"port": It is a whole number from 0 to 65535/],
  ['{"maxLine": 1}', /unknown option "maxLine".*named like the flags/],
  ['{"version": true}', /unknown option "version"/],
  ['{"ephemeral": "yes"}', /"ephemeral" is true or false/],
  ['{"host": {}}', /"host" is a text or a number/],
  ['[]', /not a JSON object/],
  ['{', /chat\.json/],
  ['{"proxy-from": "nowhere"}', /"proxy-from": "nowhere" is no range/],
])('the configuration %s is refused', (text, message) => {
  const file = configFile(text);
  expect(() => read('--config', file)).toThrow(expect.objectContaining({ exitCode: 2 }) as Error);
  expect(() => read('--config', file)).toThrow(message);
});

test.each([
  ['--threads', '0'],
  ['--threads', '1.5'],
  ['--port', '-1'],
  ['--max-line', '10'],
  ['--flood-requests', '-1'],
  ['--proxy-from', '10.0.0.0/99'],
  ['--log-level', 'loud'],
  ['--surprise', '1'],
])('%s %s is refused', (...flags) => {
  expect(() => read(...flags)).toThrow(
    expect.objectContaining({ code: expect.stringContaining('commander') as string }) as Error,
  );
});

test('a store that has no room beside the ring of its journal is refused, and fine without a journal', () => {
  const refused = { exitCode: 2, message: expect.stringContaining('at least 32') as string };
  for (const memory of ['16', '31'])
    expect(() => read('--memory', memory)).toThrow(expect.objectContaining(refused) as Error);
  expect(read('--memory', '32').memory).toBe(32);
  expect(read('--memory', '16', '--ephemeral').memory).toBe(16);
});
