/**
 * The accounts that exist when the server starts: those of `--users`, or the seed's three for trying it out.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ErrorCode } from '../shared/protocol/error-codes';
import { displayNameCharactersMax } from '../shared/protocol/limits';
import { Name } from '../shared/protocol/name';
import { isPassword } from '../shared/protocol/password';
import type { ServerOptions } from './options';
import type { ChatPool, HashPool } from './pool';
import type { ReleaseGate } from './release-gate';
import { exitCode, StartError } from './start-error';

export interface Account {
  readonly username: string;
  readonly password: string;
  readonly displayName: string;
}

const demoPassword = 'surabaya';
/** The seed's family. */
export const demoAccounts: readonly Account[] = [
  { username: 'messi', password: demoPassword, displayName: 'Lionel Messi' },
  { username: 'henderson', password: demoPassword, displayName: 'Jordan Henderson' },
  { username: 'lineker', password: demoPassword, displayName: 'Gary Lineker' },
];

/** What some editors put before a text. */
const byteOrderMark = /^\ufeff/;

/** C0 and C1 controls and DEL: nothing that is shown on a terminal may hold them. */
const control = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * The accounts to create where missing. Throws a `StartError` that says what to type instead.
 * @param userCount The accounts that there are already.
 */
export function chooseAccounts(options: ServerOptions, userCount = 0): readonly Account[] {
  const isPublic = !isLoopback(options.host);
  const accounts = options.users === undefined ? [] : readAccounts(options.users);
  if (accounts.length === 0) {
    if (userCount > 0) return [];
    if (!isPublic) return demoAccounts;
    if (options.openRegistration) return [];
    throw new StartError(
      `refusing to listen on ${options.host} with the demo accounts, whose passwords everybody knows. ` +
        'Name your own accounts (--users FILE, one {"username", "password", "name"} a line), ' +
        'or let people register (--open-registration), or stay on this machine (--host 127.0.0.1).',
      exitCode.badUsage,
    );
  }
  const demo = accounts.find(isDemoAccount);
  if (isPublic && demo !== undefined) {
    throw new StartError(
      `refusing to listen on ${options.host}: ${demo.username} has the demo password, which everybody knows. ` +
        `Change it in ${options.users ?? 'its file'}, or stay on this machine (--host 127.0.0.1).`,
      exitCode.badUsage,
    );
  }
  return accounts;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** What creating accounts takes. */
export interface AccountCreator {
  readonly chatPool: ChatPool;
  readonly hashPool: HashPool;
  readonly gate: ReleaseGate;
}

/** Creates the accounts that are missing, durably; `onProgress` hears how many are done. */
export async function createAccounts(
  accounts: readonly Account[],
  creator: AccountCreator,
  onProgress: (done: number) => void,
): Promise<void> {
  const queue = accounts.values();
  let done = 0;
  const createNext = async (): Promise<void> => {
    for (const account of queue) {
      await createIfMissing(account, creator);
      done += 1;
      onProgress(done);
    }
  };
  await Promise.all(Array.from({ length: creator.hashPool.threads }, createNext));
}

async function createIfMissing(account: Account, creator: AccountCreator): Promise<void> {
  if (await creator.chatPool.hasUser(account.username)) return;
  const outcome = await createAccount(account, creator);
  if (outcome !== 'OK' && outcome !== 'USER_EXISTS') {
    throw new StartError(
      `cannot create the account ${account.username} (${outcome}): raise --memory`,
      exitCode.badUsage,
    );
  }
}

/** Throws a `StartError` when a public server has a demo account whose password everybody knows. */
export async function refuseDemoPasswords(
  { host }: ServerOptions,
  { chatPool, hashPool }: AccountCreator,
): Promise<void> {
  if (isLoopback(host)) return;
  for (const { username, password } of demoAccounts) {
    const passwordHash = await chatPool.passwordHash(username);
    if (passwordHash === undefined) continue;
    const { verified } = await hashPool.run({ kind: 'verify', password, passwordHash });
    if (!verified) continue;
    throw new StartError(
      `refusing to listen on ${host}: ${username} has the demo password, which everybody knows. ` +
        `Change it (chat-server user passwd ${username}) or remove it (chat-server user remove ${username}), ` +
        'or stay on this machine (--host 127.0.0.1).',
      exitCode.badUsage,
    );
  }
}

/** Creates an account; returns once it is on disk. */
export async function createAccount(
  { username, password, displayName }: Account,
  { chatPool, hashPool, gate }: AccountCreator,
): Promise<ErrorCode | 'OK'> {
  const { newHash } = await hashPool.run({ kind: 'hash', password });
  if (newHash === undefined) throw new Error('a password was not hashed');
  const { outcome, position } = await chatPool.createUser({ username, displayName, passwordHash: newHash });
  if (position !== undefined) await gate.whenDurable(position);
  return outcome;
}

function readAccounts(file: string): readonly Account[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(
      `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
      exitCode.badUsage,
    );
  }
  const accounts = text
    .replace(byteOrderMark, '')
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [parseAccount(line, `${file}:${index + 1}`)]));
  const names = new Set<string>();
  for (const { username } of accounts) {
    if (names.has(username))
      throw new StartError(`${file}: ${username} stands there twice`, exitCode.badUsage);
    names.add(username);
  }
  return accounts;
}

function parseAccount(line: string, place: string): Account {
  const fail = (problem: string): never => {
    throw new StartError(`${place}: ${problem}`, exitCode.badUsage);
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return fail('not JSON. A line looks like {"username": "ana", "password": "…", "name": "Ana"}');
  }
  if (typeof parsed !== 'object' || parsed === null) return fail('not a JSON object');
  const { username, password, name } = parsed as Record<string, unknown>;
  const folded = new Name();
  if (typeof username !== 'string' || !folded.readText(username)) {
    return fail('"username" is 1 to 32 characters of a-z 0-9 . _ -');
  }
  if (typeof password !== 'string' || !isPassword(password)) {
    return fail('"password" is 1 to 128 visible characters without spaces');
  }
  const displayName = name ?? username;
  if (
    typeof displayName !== 'string' ||
    displayName === '' ||
    control.test(displayName) ||
    !displayName.isWellFormed()
  ) {
    return fail('"name" is a text without control characters');
  }
  if (Array.from(displayName).length > displayNameCharactersMax) {
    return fail(`"name" is at most ${displayNameCharactersMax} characters`);
  }
  return { username: folded.toString(), password, displayName };
}

function isDemoAccount({ username, password }: Account): boolean {
  return password === demoPassword && demoAccounts.some((demo) => demo.username === username);
}
