/**
 * What an account may look like, wherever it comes from: a file, the operator's commands, the control socket.
 */
import { displayNameCharactersMax } from '../shared/protocol/limits';
import { Name } from '../shared/protocol/name';
import { isPassword } from '../shared/protocol/password';

export interface Account {
  readonly username: string;
  readonly password: string;
  readonly displayName: string;
}

/** Either what was read, or what is wrong with it, in words that never repeat a password. */
export type Checked<Value> = { readonly value: Value } | { readonly problem: string };

/** What some editors put before a text. */
const byteOrderMark = /^\ufeff/;

/** C0 and C1 controls and DEL: nothing that is shown on a terminal may hold them. */
const control = /[\u0000-\u001f\u007f-\u009f]/;

/** A username in its folded form. */
export function checkUsername(text: unknown): Checked<string> {
  const name = new Name();
  if (typeof text !== 'string' || !name.readText(text))
    return { problem: 'is 1 to 32 characters of a-z 0-9 . _ -' };
  return { value: name.toString() };
}

export function checkPassword(text: unknown): Checked<string> {
  if (typeof text !== 'string' || !isPassword(text))
    return { problem: 'is 1 to 128 visible characters without spaces' };
  return { value: text };
}

export function checkDisplayName(text: unknown): Checked<string> {
  if (typeof text !== 'string' || text === '' || control.test(text) || !text.isWellFormed())
    return { problem: 'is a text without control characters' };
  if (Array.from(text).length > displayNameCharactersMax)
    return { problem: `is at most ${displayNameCharactersMax} characters` };
  return { value: text };
}

/** An account as it stands in files: `{"username", "password", "name"}`, the name optional. */
export function checkAccount(fields: unknown): Checked<Account> {
  if (typeof fields !== 'object' || fields === null) return { problem: 'not a JSON object' };
  const { username, password, name } = fields as Record<string, unknown>;
  const folded = checkUsername(username);
  if ('problem' in folded) return { problem: `"username" ${folded.problem}` };
  const secret = checkPassword(password);
  if ('problem' in secret) return { problem: `"password" ${secret.problem}` };
  const display = checkDisplayName(name ?? username);
  if ('problem' in display) return { problem: `"name" ${display.problem}` };
  return { value: { username: folded.value, password: secret.value, displayName: display.value } };
}

/** A line of a file of accounts, or what is wrong with it. */
export interface AccountLine {
  /** From 1. */
  readonly number: number;
  readonly account: Checked<Account>;
}

/** Reads a file of accounts, one JSON object a line; empty lines are passed over. A name counts where it stands first. */
export function readAccountLines(text: string): AccountLine[] {
  const names = new Set<string>();
  return text
    .replace(byteOrderMark, '')
    .split('\n')
    .flatMap((line, index) =>
      line.trim() === '' ? [] : [{ number: index + 1, account: checkAccountLine(line, names) }],
    );
}

/** @param names Those that stand in the lines before; this line's is added. */
function checkAccountLine(line: string, names: Set<string>): Checked<Account> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    // The parser's own words would repeat a piece of the line, which holds a password.
    return { problem: 'not JSON. A line looks like {"username": "ana", "password": "…", "name": "Ana"}' };
  }
  const account = checkAccount(parsed);
  if ('problem' in account) return account;
  const { username } = account.value;
  // Of two at once it would be chance which password the account gets.
  if (names.has(username)) return { problem: `${username} stands there twice` };
  names.add(username);
  return account;
}
