/**
 * The accounts that exist when the server starts: those of `--users`, or the seed's three for trying it out.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ErrorCode } from '../shared/protocol/error-codes';
import { type Account, readAccountLines } from './account-rules';
import { operatorCommandLine } from './operator-command-line';
import type { ServerOptions } from './options';
import type { ChatPool, HashPool } from './pool';
import type { ReleaseGate } from './release-gate';
import { exitCode, messageOf, StartError } from './start-error';

/** Another thread may be dying too; what kills every thread is let go of. */
const attemptsMax = 3;

const demoPassword = 'surabaya';
/** The seed's family. */
export const demoAccounts: readonly Account[] = [
  { username: 'messi', password: demoPassword, displayName: 'Lionel Messi' },
  { username: 'henderson', password: demoPassword, displayName: 'Jordan Henderson' },
  { username: 'lineker', password: demoPassword, displayName: 'Gary Lineker' },
];

/**
 * The accounts to create where missing. Throws a `StartError` that says what to type instead.
 * @param userCountEver How many accounts there have ever been: demo accounts that were removed do not come back.
 */
export function chooseAccounts(options: ServerOptions, userCountEver = 0): readonly Account[] {
  const isPublic = !isLoopback(options.host);
  const accounts = options.users === undefined ? [] : readAccounts(options.users);
  if (accounts.length === 0) {
    if (userCountEver > 0) return [];
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

type OutcomeListener = (outcome: ErrorCode | 'OK', account: Account, index: number) => void;

/** Creates the accounts that are missing, durably; `onProgress` hears how many are done. */
export async function createAccounts(
  accounts: readonly Account[],
  creator: AccountCreator,
  onProgress: (done: number) => void,
): Promise<void> {
  let done = 0;
  // Nobody else creates accounts now: one that is there after its thread has died is the one that was asked for.
  const create = (account: Account): Promise<ErrorCode | 'OK'> =>
    repeatedly(() => createIfMissing(account, creator));
  await createAtOnce(accounts, creator, create, (outcome, { username }) => {
    if (outcome !== 'OK' && outcome !== 'USER_EXISTS') {
      throw new StartError(
        `cannot create the account ${username} (${outcome}): raise --memory`,
        exitCode.badUsage,
      );
    }
    done += 1;
    onProgress(done);
  });
}

/** Creates the accounts that are missing, as many at once as can be hashed; reports each once it is on disk. */
export async function createEach(
  accounts: readonly Account[],
  creator: AccountCreator,
  onOutcome: OutcomeListener,
): Promise<void> {
  await createAtOnce(accounts, creator, (account) => createIfMissing(account, creator), onOutcome);
}

async function createAtOnce(
  accounts: readonly Account[],
  creator: AccountCreator,
  create: (account: Account) => Promise<ErrorCode | 'OK'>,
  onOutcome: OutcomeListener,
): Promise<void> {
  const queue = accounts.entries();
  const createNext = async (): Promise<void> => {
    for (const [index, account] of queue) onOutcome(await create(account), account, index);
  };
  await Promise.all(Array.from({ length: creator.hashPool.threads }, createNext));
}

/** Does again what fails because its thread has died: no start is to fail by that. */
async function repeatedly<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (attempt === attemptsMax) throw error;
    }
  }
}

/** A name that is taken is not worth the time of hashing its password. */
async function createIfMissing(account: Account, creator: AccountCreator): Promise<ErrorCode | 'OK'> {
  if (await creator.chatPool.hasUser(account.username)) return 'USER_EXISTS';
  return createAccount(account, creator);
}

/** Throws a `StartError` when a public server has a demo account whose password everybody knows. */
export async function refuseDemoPasswords(
  { host, data }: ServerOptions,
  { chatPool, hashPool }: AccountCreator,
): Promise<void> {
  if (isLoopback(host)) return;
  for (const { username, password } of demoAccounts) {
    const passwordHash = await repeatedly(() => chatPool.passwordHash(username));
    if (passwordHash === undefined) continue;
    const { verified } = await hashPool.run({ kind: 'verify', password, passwordHash });
    if (!verified) continue;
    throw new StartError(
      `refusing to listen on ${host}: ${username} has the demo password, which everybody knows. ` +
        `Change it (${operatorCommandLine(data, `user passwd ${username}`)}) ` +
        `or remove it (${operatorCommandLine(data, `user remove ${username}`)}), ` +
        'or stay on this machine (--host 127.0.0.1).',
      exitCode.badUsage,
    );
  }
}

/** Creates an account; returns once it is on disk. */
async function createAccount(
  { username, password, displayName }: Account,
  { chatPool, hashPool, gate }: AccountCreator,
): Promise<ErrorCode | 'OK'> {
  const passwordHash = await hashNew(password, hashPool);
  const { outcome, position } = await chatPool.createUser({ username, displayName, passwordHash });
  if (position !== undefined) await gate.whenDurable(position);
  return outcome;
}

export async function hashNew(password: string, hashPool: HashPool): Promise<string> {
  const { newHash } = await hashPool.run({ kind: 'hash', password });
  if (newHash === undefined) throw new Error('a password was not hashed');
  return newHash;
}

function readAccounts(file: string): readonly Account[] {
  return readAccountLines(readAccountFile(file)).map(({ number, account }) => {
    if ('problem' in account)
      throw new StartError(`${file}:${number}: ${account.problem}`, exitCode.badUsage);
    return account.value;
  });
}

export function readAccountFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`cannot read ${file}: ${messageOf(error)}`, exitCode.badUsage);
  }
}

function isDemoAccount({ username, password }: Account): boolean {
  return password === demoPassword && demoAccounts.some((demo) => demo.username === username);
}
