/**
 * What one would write first: one thread, JavaScript maps, plain passwords, nothing on disk. The seed's commands,
 * one line parsed at a time, one reply written for each read.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { errorTexts } from '../../../shared/protocol/error-codes';
import type { ErrorCode } from '../../../shared/protocol/error-codes';
import { replyTerminator } from '../../../shared/protocol/limits';
import { listenAsTold } from './listen';

/** As the product's: an inbox that nobody reads does not grow without bound. */
const inboxMessagesMax = 10_000;

interface StoredMessage {
  readonly msg_from: string;
  readonly msg_to: string;
  readonly msg: string;
}

interface User {
  readonly username: string;
  readonly name: string;
  readonly password: string;
  unreadCount: number;
  /** Unread messages by the sender's username. */
  inbox: Record<string, StoredMessage[]>;
}

const users = new Map<string, User>();
const sessions = new Map<string, User>();

for (const [username, name] of [
  ['messi', 'Lionel Messi'],
  ['henderson', 'Jordan Henderson'],
  ['lineker', 'Gary Lineker'],
] as const) {
  users.set(username, { username, name, password: 'surabaya', unreadCount: 0, inbox: {} });
}

function failure(code: ErrorCode): string {
  return JSON.stringify({ status: 'ERROR', message: errorTexts[code], code });
}

function auth(username: string, password: string): string {
  const user = users.get(username);
  if (user === undefined) return failure('NO_SUCH_USER');
  if (user.password !== password) return failure('WRONG_PASSWORD');
  const tokenid = randomUUID();
  sessions.set(tokenid, user);
  return JSON.stringify({ status: 'OK', tokenid });
}

function send(sender: User, receiverName: string, text: string): string {
  const receiver = users.get(receiverName);
  if (receiver === undefined) return failure('RECIPIENT_NOT_FOUND');
  if (text === '') return failure('BAD_COMMAND');
  if (receiver.unreadCount === inboxMessagesMax) return failure('INBOX_FULL');
  const messages = (receiver.inbox[sender.username] ??= []);
  messages.push({ msg_from: sender.name, msg_to: receiver.name, msg: text });
  receiver.unreadCount += 1;
  return JSON.stringify({ status: 'OK', message: 'Message Sent' });
}

function inbox(user: User): string {
  const messages = user.inbox;
  user.inbox = {};
  user.unreadCount = 0;
  return JSON.stringify({ status: 'OK', messages });
}

function activeUsers(): string {
  const names = new Set([...sessions.values()].map((user) => `${user.username}, `));
  return JSON.stringify({ status: 'OK', message: [...names].join('') });
}

function logout(token: string): string {
  sessions.delete(token);
  return JSON.stringify({ status: 'OK', messages: 'Logged Out!' });
}

function replyTo(line: string): string {
  const words = line.trim().split(' ');
  const [command = '', token = '', destination = ''] = words;
  if (command === 'ping') return JSON.stringify({ status: 'OK', message: 'pong' });
  if (command === 'auth') return auth(token, destination);
  const user = sessions.get(token);
  if (user === undefined) return failure('BAD_SESSION');
  switch (command) {
    case 'send':
      return send(user, destination, words.slice(3).join(' ').trim());
    case 'inbox':
      return inbox(user);
    case 'activeuser':
    case 'active':
      return activeUsers();
    case 'logout':
      return logout(token);
    default:
      return failure('BAD_COMMAND');
  }
}

listenAsTold(
  createServer({ noDelay: true }, (socket) => {
    let pending = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (pending + text).split('\n');
      pending = lines.pop()!;
      let replies = '';
      for (const line of lines) replies += replyTo(line) + replyTerminator;
      if (replies !== '') socket.write(replies);
    });
    socket.on('error', () => {
      socket.destroy();
    });
  }),
);
