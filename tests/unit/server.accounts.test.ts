// Goal: the accounts of a start are the right ones, bad files are refused by line, and demo passwords never go public.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chooseAccounts, demoAccounts, isLoopback } from '../../server/accounts';
import { createProgram, readOptions, type ServerOptions } from '../../server/options';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'benang-accounts-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function options(...flags: string[]): ServerOptions {
  return readOptions(createProgram('0.0.0').parse(flags, { from: 'user' }));
}

function usersFile(...lines: string[]): string {
  const file = path.join(folder, 'users.jsonl');
  writeFileSync(file, lines.join('\n'));
  return file;
}

test('without a file, loopback gets the demo accounts', () => {
  expect(chooseAccounts(options())).toBe(demoAccounts);
  expect(chooseAccounts(options('--host', '::1'))).toBe(demoAccounts);
});

test('without a file, a public address is refused, unless people may register', () => {
  expect(() => chooseAccounts(options('--host', '0.0.0.0'))).toThrow(/--users FILE/);
  expect(chooseAccounts(options('--host', '0.0.0.0', '--open-registration'))).toEqual([]);
});

test('a demo password in a file is refused on a public address only', () => {
  const file = usersFile('{"username": "messi", "password": "surabaya"}');
  expect(() => chooseAccounts(options('--host', '0.0.0.0', '--users', file))).toThrow(
    /messi has the demo password/,
  );
  expect(chooseAccounts(options('--users', file))).toHaveLength(1);
});

test('names are folded, a missing display name is the username, blank lines are skipped', () => {
  const file = usersFile(
    '{"username": "Ana.B", "password": "p\u00e4ss"}',
    '',
    '{"username": "b", "password": "x", "name": "Bé"}',
  );
  expect(chooseAccounts(options('--users', file))).toEqual([
    { username: 'ana.b', password: 'p\u00e4ss', displayName: 'Ana.B' },
    { username: 'b', password: 'x', displayName: 'Bé' },
  ]);
});

test.each([
  ['nonsense', /users\.jsonl:2: not JSON/],
  ['7', /:2: not a JSON object/],
  ['{"username": "a b", "password": "x"}', /:2: "username"/],
  ['{"username": "ab"}', /:2: "password"/],
  ['{"username": "ab", "password": "x y"}', /:2: "password"/],
  ['{"username": "ab", "password": "x", "name": "\\u001b[2J"}', /:2: "name"/],
  ['{"username": "ab", "password": "x", "name": "\\ud800"}', /:2: "name"/],
  [`{"username": "ab", "password": "x", "name": "${'n'.repeat(65)}"}`, /:2: "name" is at most 64/],
])('the line %s is refused with its place', (line, message) => {
  const file = usersFile('{"username": "ok", "password": "x"}', line);
  expect(() => chooseAccounts(options('--users', file))).toThrow(message);
  expect(() => chooseAccounts(options('--users', file))).toThrow(
    expect.objectContaining({ exitCode: 2 }) as Error,
  );
});

test('a name that stands there twice is refused; a byte order mark is not', () => {
  const file = usersFile('\ufeff{"username": "a", "password": "x"}', '{"username": "A", "password": "y"}');
  expect(() => chooseAccounts(options('--users', file))).toThrow(/a stands there twice/);
});

test('an empty file counts as none', () => {
  expect(chooseAccounts(options('--users', usersFile('')))).toBe(demoAccounts);
});

test('a file that is not there is refused by name', () => {
  expect(() => chooseAccounts(options('--users', path.join(folder, 'none')))).toThrow(/cannot read .*none/);
});

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['127.evil.example', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
