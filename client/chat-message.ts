/** Messages as `subscribe`, `fetch`, `history` and `search` give them. No I/O. */
import type { JsonValue } from '../shared/protocol/json-ascii';
import { badReply, isObject, type Reply } from './reply';

export interface ChatMessage {
  /** The server's name for the message, for `ack` and `history`. Visible ASCII; nothing else can be told from it. */
  readonly id: string;
  /** The sender's username. */
  readonly from: string;
  /** The sender's display name. */
  readonly fromName: string;
  /** The receiver's username, or the room with its `#`. */
  readonly to: string;
  /** The receiver's display name, or the room. */
  readonly toName: string;
  readonly text: string;
  /** When the server took it. */
  readonly at: Date;
}

/** Some messages in order of arrival, and whether there are others beyond them. */
export interface MessagePage {
  readonly messages: readonly ChatMessage[];
  readonly more: boolean;
  /** The `beforeId` of the next page of a `history` or a `search`; undefined when there is none. */
  readonly before?: string;
}

/** Reads a message as it stands on the wire. Throws a `ChatError` BAD_REPLY. */
export function readChatMessage(value: unknown): ChatMessage {
  if (!isObject(value)) throw badReply('a message');
  return {
    id: idOf(value),
    from: textMember(value, 'from'),
    fromName: textMember(value, 'msg_from'),
    to: textMember(value, 'to'),
    toName: textMember(value, 'msg_to'),
    text: textMember(value, 'msg'),
    at: momentOf(value),
  };
}

/** The messages of a successful `fetch`, `history` or `search`. */
export function messagePageOf({ members }: Reply): MessagePage {
  if (!Array.isArray(members.messages)) throw badReply('a list of messages');
  const page = { messages: members.messages.map(readChatMessage), more: members.more === true };
  return page.more && members.before !== undefined
    ? { ...page, before: textMember(members, 'before') }
    : page;
}

/** The messages of a successful `history`: its next page is before its oldest message. */
export function historyPageOf(reply: Reply): MessagePage {
  const page = messagePageOf(reply);
  const [oldest] = page.messages;
  return page.more && oldest !== undefined ? { ...page, before: oldest.id } : page;
}

/** The `id` of a message. It goes back to the server as one word. */
export function idOf(members: Readonly<Record<string, unknown>>): string {
  const { id } = members;
  if (typeof id !== 'string' || !/^[!-~]{1,64}$/.test(id)) throw badReply('the id of a message');
  return id;
}

/** The `at` of whatever has happened. */
export function momentOf(members: Readonly<Record<string, unknown>>): Date {
  const at = new Date(typeof members.at === 'string' ? members.at : NaN);
  if (Number.isNaN(at.getTime())) throw badReply('a time');
  return at;
}

/** A member that must be a text. */
export function textMember(members: Readonly<Record<string, unknown>>, name: string): string {
  const value = members[name];
  if (typeof value !== 'string') throw badReply(`the text "${name}"`);
  return value;
}
/** The message's members as they stand on the wire. */
export function wireMembers(message: ChatMessage): { readonly [member: string]: JsonValue } {
  const { id, from, fromName, to, toName, text, at } = message;
  return { id, from, msg_from: fromName, to, msg_to: toName, msg: text, at: at.toISOString() };
}
