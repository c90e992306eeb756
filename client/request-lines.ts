/**
 * Request lines, without their line ends. A part that would change the meaning of the line (a space inside a word, an
 * empty text) is refused here with the code that the server would answer with.
 */
import { errorTexts, type ErrorCode } from '../shared/protocol/error-codes';
import { ChatError } from './chat-error';

export const requestLines = {
  auth: (username: string, password: string): string => `auth ${name(username)} ${secret(password)}`,
  send: (token: string, recipient: string, text: string): string =>
    `send ${word(token, 'BAD_SESSION')} ${name(recipient)} ${messageText(text)}`,
  inbox: (token: string): string => `inbox ${word(token, 'BAD_SESSION')}`,
  activeUsers: (token: string): string => `activeuser ${word(token, 'BAD_SESSION')}`,
  logout: (token: string): string => `logout ${word(token, 'BAD_SESSION')}`,
  register: (username: string, password: string, displayName = ''): string =>
    `register ${name(username)} ${secret(password)} ${displayName}`.trimEnd(),
  passwd: (token: string, oldPassword: string, newPassword: string): string =>
    `passwd ${word(token, 'BAD_SESSION')} ${secret(oldPassword)} ${secret(newPassword)}`,
  whoami: (token: string): string => `whoami ${word(token, 'BAD_SESSION')}`,
  ping: (): string => 'ping',
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
