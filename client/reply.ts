/**
 * Replies as values: what a frame holds, and what the members of each command's reply mean. No I/O.
 */
import { errorTexts } from '../shared/protocol/error-codes';
import { ChatError } from './chat-error';
import { objectMembers } from './json-text';

export interface Reply {
  /** Whether the status is `OK`. */
  readonly ok: boolean;
  /** The whole object, `status` included. Order of integer-like keys is lost here; `text` has it. */
  readonly members: Readonly<Record<string, unknown>>;
  /** The frame as it came, without its line end. */
  readonly text: string;
}

/** One sender's messages, in order of arrival. */
export interface InboxGroup {
  /** The sender's username. */
  readonly sender: string;
  readonly messages: readonly InboxMessage[];
}

export interface InboxMessage {
  /** Display names, not usernames. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** One JSON object of the wire, whatever it is. */
export interface Frame {
  readonly members: Readonly<Record<string, unknown>>;
  /** The frame as it came, without its line end. */
  readonly text: string;
}

/** The object in a complete frame; undefined when there is none: not UTF-8, or not a JSON object. */
export function parseFrame(frame: Uint8Array): Frame | undefined {
  try {
    const text = decoder.decode(frame);
    const members: unknown = JSON.parse(text);
    return isObject(members) ? { members, text } : undefined;
  } catch {
    // Both the decoder and the parser say "malformed" by throwing; which of them does not matter to anyone.
    return undefined;
  }
}

/** The frame as a reply; undefined when it has no known status. */
export function replyIn({ members, text }: Frame): Reply | undefined {
  if (members.status !== 'OK' && members.status !== 'ERROR') return undefined;
  return { ok: members.status === 'OK', members, text };
}

/** The reply in a complete frame; undefined when the frame is none: not UTF-8, not a JSON object, no known status. */
export function parseReply(frame: Uint8Array): Reply | undefined {
  const parsed = parseFrame(frame);
  return parsed === undefined ? undefined : replyIn(parsed);
}

/** What an error reply says. Original servers send no code: their texts stand for it. */
export function errorOf(reply: Reply): ChatError {
  const { message, code } = reply.members;
  const text = typeof message === 'string' ? message : 'Gagal';
  return new ChatError(typeof code === 'string' ? code : codeOfText(text), text, {
    members: reply.members,
  });
}

/** In how many milliseconds the same request may succeed, where an error says so: nothing was done then. */
export function retryMsOf({ members }: Pick<ChatError, 'members'>): number | undefined {
  const { retry_ms: retryMs } = members;
  return typeof retryMs === 'number' && retryMs >= 0 ? retryMs : undefined;
}

/** The code of an error by its text, for what sends no code. */
export function codeOfText(text: string): string {
  const known = Object.entries(errorTexts).find(([, errorText]) => errorText === text);
  return known?.[0] ?? 'UNSPECIFIED';
}

/** The session token of a successful `auth`. Visible ASCII, so that it may stand in a request and in a prompt. */
export function tokenOf(reply: Reply): string {
  const { tokenid } = reply.members;
  if (typeof tokenid !== 'string' || !/^[!-~]{1,128}$/.test(tokenid)) throw badReply('a token');
  return tokenid;
}

/** The `message` of replies that carry a line of text. */
export function messageOf(reply: Reply): string {
  const { message } = reply.members;
  if (typeof message !== 'string') throw badReply('a message');
  return message;
}

/** A reply that has no fixed form in the seed: its message, or else its members one after the other. */
export function describeReply({ members, text }: Reply): string {
  if (typeof members.message === 'string') return members.message;
  const told = objectMembers(text).filter(([name]) => name !== 'status');
  if (told.length === 0) return 'OK';
  // As it came: JSON.stringify has no stack for what is nested very deeply.
  return told.map(([name, valueText]) => `${name} ${shownValue(valueText)}`).join(', ');
}

function shownValue(valueText: string): string {
  return valueText.startsWith('"') ? (JSON.parse(valueText) as string) : valueText;
}

/** The names in a successful `activeuser`: each is followed by `", "`. */
export function activeUsersOf(reply: Reply): string[] {
  return messageOf(reply)
    .split(', ')
    .filter((name) => name !== '');
}

/** The text of the `messages` member of a successful `inbox`, in which the order of senders is kept. */
export function inboxTextOf(reply: Reply): string {
  const { messages } = reply.members;
  if (!isObject(messages)) throw badReply('an inbox');
  // JSON.parse takes the last of equal names, and so must this.
  return objectMembers(reply.text).findLast(([name]) => name === 'messages')![1];
}

/** The messages of a successful `inbox`, senders in order of their oldest unread message. */
export function inboxOf(reply: Reply): InboxGroup[] {
  return objectMembers(inboxTextOf(reply)).map(([sender, groupText]) => {
    const group: unknown = JSON.parse(groupText);
    if (!Array.isArray(group)) throw badReply('a list of messages');
    return { sender, messages: group.map(inboxMessage) };
  });
}

function inboxMessage(value: unknown): InboxMessage {
  if (!isObject(value)) throw badReply('a message');
  const { msg_from: from, msg_to: to, msg: text } = value;
  if (typeof from !== 'string' || typeof to !== 'string' || typeof text !== 'string')
    throw badReply('a message');
  return { from, to, text };
}

/** What came has a known form but lacks a part of it. */
export function badReply(missing: string): ChatError {
  return new ChatError('BAD_REPLY', `the server's reply has no well-formed part that should be ${missing}`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
