/**
 * What is spoken on the control socket: one JSON object a line, in both directions. The server begins, once it is
 * ready, with a greeting; then each request is answered in turn, by any number of items and one last line.
 *
 * ```
 *   ◀ {"benang": "control", "version": 1}
 *   ▶ {"version": 1, "command": "removeUser", "username": "ana"}
 *   ◀ {"kind": "done", "result": "OK"}
 *   ▶ {"version": 1, "command": "listUsers"}
 *   ◀ {"kind": "item", "item": {"username": "budi", …}}      any number of them
 *   ◀ {"kind": "done"}
 * ```
 *
 * A connection that ends before its greeting has asked for nothing: whoever opened it may look for the owner again.
 */
import path from 'node:path';
import { type Account, checkAccount, type Checked, checkPassword, checkUsername } from '../account-rules';
import type { ExitCode } from '../start-error';
import { accountsPerRequestMax } from './admin-service';

export const controlVersion = 1;
/** What a username or an address may look like, at most. */
export const limitTarget = /^[\w.:/?-]{1,64}$/;
/** Room for `accountsPerRequestMax` accounts of the longest kind. */
export const controlLineBytesMax = 524_288;

export interface Greeting {
  readonly benang: 'control';
  readonly version: number;
}

export const greeting: Greeting = { benang: 'control', version: controlVersion };

export type ControlRequest =
  | { readonly command: 'addAccounts'; readonly accounts: readonly Account[] }
  | { readonly command: 'setPassword'; readonly username: string; readonly password: string }
  | { readonly command: 'removeUser'; readonly username: string }
  | { readonly command: 'listUsers' }
  | { readonly command: 'listLimits' }
  | { readonly command: 'clearLimits'; readonly target?: string }
  | { readonly command: 'backup'; readonly target: string }
  | { readonly command: 'catchUp' };

export type ControlReply =
  | { readonly kind: 'item'; readonly item: unknown }
  | { readonly kind: 'done'; readonly result?: unknown }
  | { readonly kind: 'failed'; readonly exitCode: ExitCode; readonly message: string };

export function encodeRequest(request: ControlRequest): string {
  return `${JSON.stringify({ version: controlVersion, ...request, ...encodeAccounts(request) })}\n`;
}

function encodeAccounts(request: ControlRequest): object {
  if (request.command !== 'addAccounts') return {};
  const accounts = request.accounts.map(({ username, password, displayName }) => ({
    username,
    password,
    name: displayName,
  }));
  return { accounts };
}

/** Reads a request as if a stranger had sent it. What is wrong with it is said without repeating it. */
export function decodeRequest(line: string): Checked<ControlRequest> {
  const fields = parseObject(line);
  if (fields === undefined) return { problem: 'not a JSON object' };
  if (fields.version !== controlVersion)
    return {
      problem: `a request of another version; this server speaks version ${controlVersion}: use its own chat-server command`,
    };
  switch (fields.command) {
    case 'listUsers':
    case 'listLimits':
    case 'catchUp':
      return { value: { command: fields.command } };
    case 'addAccounts':
      return decodeAccounts(fields.accounts);
    case 'setPassword': {
      const username = checkUsername(fields.username);
      if ('problem' in username) return { problem: `the username ${username.problem}` };
      const password = checkPassword(fields.password);
      if ('problem' in password) return { problem: `the password ${password.problem}` };
      return { value: { command: 'setPassword', username: username.value, password: password.value } };
    }
    case 'removeUser': {
      const username = checkUsername(fields.username);
      if ('problem' in username) return { problem: `the username ${username.problem}` };
      return { value: { command: 'removeUser', username: username.value } };
    }
    case 'clearLimits': {
      const { target } = fields;
      if (target === undefined) return { value: { command: 'clearLimits' } };
      if (typeof target !== 'string' || !limitTarget.test(target))
        return { problem: 'the target is neither a username nor an address' };
      return { value: { command: 'clearLimits', target } };
    }
    case 'backup':
      if (typeof fields.target !== 'string' || !path.isAbsolute(fields.target))
        return { problem: 'the target is not an absolute path' };
      return { value: { command: 'backup', target: fields.target } };
    default:
      return { problem: 'an unknown command' };
  }
}

function decodeAccounts(listed: unknown): Checked<ControlRequest> {
  if (!Array.isArray(listed) || listed.length > accountsPerRequestMax)
    return { problem: `the accounts are a list of at most ${accountsPerRequestMax}` };
  const accounts: Account[] = [];
  for (const fields of listed as readonly unknown[]) {
    const account = checkAccount(fields);
    if ('problem' in account) return { problem: `an account: ${account.problem}` };
    accounts.push(account.value);
  }
  return { value: { command: 'addAccounts', accounts } };
}

/** The object that a line is; undefined when it is none. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
