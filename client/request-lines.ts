/**
 * Request lines, without their line ends. A part that would change the meaning of the line (a space inside a word, an
 * empty text) is refused here with the code that the server would answer with.
 */
import { errorTexts, type ErrorCode } from '../shared/protocol/error-codes';
import { ChatError } from './chat-error';

export const requestLines = {
  auth: (username: string, password: string): string => `auth ${name(username)} ${secret(password)}`,
  send: (token: string, recipient: string, text: string): string =>
    `send ${session(token)} ${name(recipient)} ${messageText(text)}`,
  inbox: (token: string): string => `inbox ${session(token)}`,
  activeUsers: (token: string): string => `activeuser ${session(token)}`,
  logout: (token: string): string => `logout ${session(token)}`,
  register: (username: string, password: string, displayName = ''): string =>
    `register ${name(username)} ${secret(password)} ${displayName}`.trimEnd(),
  passwd: (token: string, oldPassword: string, newPassword: string): string =>
    `passwd ${session(token)} ${secret(oldPassword)} ${secret(newPassword)}`,
  whoami: (token: string): string => `whoami ${session(token)}`,
  ping: (): string => 'ping',
  subscribe: (token: string): string => `subscribe ${session(token)}`,
  post: (token: string, key: string, destination: string, text: string): string =>
    `post ${session(token)} ${word(key, 'BAD_REQUEST')} ${name(destination)} ${messageText(text)}`,
  fetch: (token: string, limit?: number): string => `fetch ${session(token)}${count(limit)}`,
  ack: (token: string, id: string): string => `ack ${session(token)} ${word(id, 'BAD_REQUEST')}`,
  history: (token: string, peerOrRoom: string, limit: number, beforeId = ''): string =>
    `history ${session(token)} ${name(peerOrRoom)}${count(limit)} ${beforeId}`.trimEnd(),
  /** The place and the cursor are told from the words by their first character. */
  search: (token: string, words: string, peerOrRoom = '', beforeId = ''): string => {
    const place = /^([#@]|$)/.test(peerOrRoom) ? peerOrRoom : `@${peerOrRoom}`;
    const before = beforeId === '' ? '' : `<${beforeId}`;
    return `search ${session(token)} ${[messageText(words), place, before].filter(Boolean).join(' ')}`;
  },
  join: (token: string, room: string): string => `join ${session(token)} ${name(room)}`,
  leave: (token: string, room: string): string => `leave ${session(token)} ${name(room)}`,
  remove: (token: string, room: string, username: string): string =>
    `remove ${session(token)} ${name(room)} ${name(username)}`,
  rooms: (token: string): string => `rooms ${session(token)}`,
  members: (token: string, room: string, afterUser = ''): string =>
    `members ${session(token)} ${name(room)} ${afterUser}`.trimEnd(),
} as const;

/** What is wrong with a line that would not reach the server as one request; undefined when nothing is. */
export function lineProblem(line: string, lineBytesMax: number): ErrorCode | undefined {
  if (/[\r\n\u0000]/.test(line)) return 'BAD_REQUEST';
  return Buffer.byteLength(line) > lineBytesMax ? 'LINE_TOO_LONG' : undefined;
}

/** The error that the server would reply with, raised before anything is sent. */
export function refusal(code: ErrorCode): ChatError {
  return new ChatError(code, errorTexts[code]);
}

function session(token: string): string {
  return word(token, 'BAD_SESSION');
}

/** A number of things as a parameter of its own; nothing when it is left to the server. */
function count(limit: number | undefined): string {
  if (limit === undefined) return '';
  if (!Number.isSafeInteger(limit) || limit < 1) throw refusal('BAD_COMMAND');
  return ` ${limit}`;
}

function name(value: string): string {
  return word(value, 'BAD_NAME');
}

function secret(value: string): string {
  return word(value, 'BAD_PASSWORD');
}

function word(value: string, code: ErrorCode): string {
  if (value === '') throw refusal('BAD_COMMAND');
  if (/\s/.test(value)) throw refusal(code);
  return value;
}

function messageText(text: string): string {
  if (text.trim() === '') throw refusal('BAD_COMMAND');
  return text;
}
