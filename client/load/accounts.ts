/** Which accounts the load is made with, and the session token of each. */
import { readFileSync } from 'node:fs';
import { replyBytesMax, replyTerminator, requestTerminator } from '../../shared/protocol/limits';
import { formatAddress } from '../address';
import { startSocket } from '../start-socket';
import type { Address } from './lane';
import type { Identity } from './load-plan';

/** A server answers a login in tens of milliseconds; one that takes this long is not going to. */
const loginTimeoutMs = 20_000;

/** An account without its session. */
export type Account = Omit<Identity, 'token'>;

/** The accounts of the protocol's seed, which a server without any other creates; their password is public. */
export const demoAccounts: readonly Account[] = ['messi', 'henderson', 'lineker'].map((username) => ({
  username,
  password: 'surabaya',
}));

/** A failure that the user can do something about: shown without a stack. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

/** A file that the command line names is not what it should be. */
export class AccountFileError extends LoadError {}

/** Reads `{"username", "password", "name"}`, one JSON object a line: the format of `chat-server --users`. */
export function readAccounts(file: string): Account[] {
  return readJsonLines(file, ['username', 'password']).map((fields) => ({
    username: fields.username!,
    password: fields.password!,
  }));
}

/** Reads `{"username", "token"}`, one JSON object a line: sessions that exist already. */
export function readTokens(file: string): Identity[] {
  return readJsonLines(file, ['username', 'token']).map((fields) => ({
    username: fields.username!,
    token: fields.token!,
    password: '',
  }));
}

/** @throws AccountFileError naming file, line and what is wrong with it. */
function readJsonLines(file: string, keys: readonly string[]): Record<string, string>[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new AccountFileError(`cannot read ${file}: ${(error as Error).message}`);
  }
  const records = text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const fields = parseFields(line);
    const missing = keys.filter((key) => typeof fields?.[key] !== 'string' || /\s/.test(fields[key]));
    if (fields === undefined || missing.length > 0) {
      const wanted = keys.map((key) => `"${key}"`).join(' and ');
      throw new AccountFileError(
        `${file}, line ${index + 1}: wanted a JSON object with ${wanted}, without spaces`,
      );
    }
    return [fields as Record<string, string>];
  });
  if (records.length === 0) throw new AccountFileError(`${file} names nobody`);
  return records;
}

function parseFields(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Logs every account in, once, one after the other over one connection.
 * @throws a socket error with its `code`; LoadError where an account is refused or the answer is no reply.
 */
export async function logIn(address: Address, accounts: readonly Account[]): Promise<Identity[]> {
  const replies = await ask(
    address,
    accounts.map((account) => `auth ${account.username} ${account.password}`),
  );
  return accounts.map((account, index) => {
    const reply = parseFields(replies[index]!);
    if (reply === undefined || !('status' in reply)) throw foreignServer(address, replies[index]!);
    if (typeof reply.tokenid !== 'string') {
      throw new LoadError(
        `cannot log in as ${account.username}: ${String(reply.message)} (${String(reply.code)}). ` +
          'Name accounts that exist on this server with --users FILE.',
      );
    }
    return { ...account, token: reply.tokenid };
  });
}

function foreignServer(address: Address, answer: string): LoadError {
  const start = JSON.stringify(answer.slice(0, 60));
  return new LoadError(`${formatAddress(address)} does not speak the chat protocol: it answered ${start}`);
}

/** Makes one visit that needs no account. @throws a socket error with its `code`, or LoadError. */
export async function probe(address: Address): Promise<void> {
  await ask(address, ['ping']);
}

/** Sends each line when the one before it has been answered. @returns the replies without their terminator. */
function ask(address: Address, lines: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const replies: string[] = [];
    let received = '';
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const sendNext = (): void => {
      const next = lines[replies.length];
      if (next === undefined) {
        socket.end();
        resolve(replies);
      } else {
        socket.write(next + requestTerminator);
      }
    };
    const socket = startSocket(address, sendNext);
    socket.setEncoding('latin1');
    socket.setTimeout(loginTimeoutMs, () => {
      fail(new LoadError(`${formatAddress(address)} did not answer within ${loginTimeoutMs / 1_000} s`));
    });
    socket.on('data', (text: string) => {
      received += text;
      const end = received.indexOf(replyTerminator);
      if (end < 0) {
        // The timeout sees silence only: a server that talks without an end would be listened to for ever.
        if (received.length > replyBytesMax) fail(foreignServer(address, received));
        return;
      }
      replies.push(received.slice(0, end));
      received = received.slice(end + replyTerminator.length);
      sendNext();
    });
    socket.once('error', fail);
    socket.once('end', () => {
      const last = parseFields(replies.at(-1) ?? '')?.message;
      const said = typeof last === 'string' ? `, saying: ${last}` : ' without an answer';
      fail(new LoadError(`${formatAddress(address)} closed the connection${said}`));
    });
  });
}
