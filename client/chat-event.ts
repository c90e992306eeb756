/** The frames that a subscribed connection gets without having asked for each: PROTOCOL.md, "Events". No I/O. */
import { momentOf, idOf, readChatMessage, textMember, type ChatMessage } from './chat-message';
import { badReply, type Frame } from './reply';

/** Somebody one shares a room with, or has exchanged messages with, came or left. */
export interface Presence {
  readonly user: string;
  /** The display name. */
  readonly name: string;
  readonly isOnline: boolean;
  readonly at: Date;
}

/** Somebody joined or left a room that one is in. */
export interface RoomChange {
  /** With its `#`. */
  readonly room: string;
  readonly user: string;
  /** The display name. */
  readonly name: string;
  readonly at: Date;
}

export type ChatEvent =
  | { readonly kind: 'message'; readonly message: ChatMessage }
  /** Another device of this user has read everything up to and including the message of this id. */
  | { readonly kind: 'read'; readonly id: string }
  /** This connection was too slow to be sent everything at once: what it missed follows. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'presence'; readonly presence: Presence }
  | { readonly kind: 'join' | 'leave'; readonly change: RoomChange }
  /** The session that was subscribed has ended: no more of its events come. */
  | { readonly kind: 'logout' }
  /** The server goes down: come back after so long. */
  | { readonly kind: 'restart'; readonly retryMs: number }
  /** An event of a newer server. */
  | { readonly kind: 'unknown'; readonly name: string };

/** The same as the events of an emitter. */
export interface ChatEvents {
  message: [message: ChatMessage];
  read: [id: string];
  gap: [];
  presence: [presence: Presence];
  join: [change: RoomChange];
  leave: [change: RoomChange];
  logout: [];
  restart: [retryMs: number];
}

/** The event in a frame; undefined when the frame is none. Throws a `ChatError` BAD_REPLY when it lacks its parts. */
export function eventIn({ members }: Frame): ChatEvent | undefined {
  const { event: kind } = members;
  if (typeof kind !== 'string' || members.status !== undefined) return undefined;
  switch (kind) {
    case 'message':
      return { kind, message: readChatMessage(members) };
    case 'read':
      return { kind, id: idOf(members) };
    case 'gap':
    case 'logout':
      return { kind };
    case 'presence':
      return { kind, presence: presenceOf(members) };
    case 'join':
    case 'leave':
      return { kind, change: { room: textMember(members, 'room'), ...who(members) } };
    case 'restart':
      return { kind, retryMs: retryMsOf(members) };
    default:
      return { kind: 'unknown', name: kind };
  }
}

function presenceOf(members: Readonly<Record<string, unknown>>): Presence {
  if (members.state !== 'online' && members.state !== 'offline') throw badReply('a state');
  return { ...who(members), isOnline: members.state === 'online' };
}

function who(members: Readonly<Record<string, unknown>>): { user: string; name: string; at: Date } {
  return { user: textMember(members, 'user'), name: textMember(members, 'msg_from'), at: momentOf(members) };
}

function retryMsOf({ retry_ms: retryMs }: Readonly<Record<string, unknown>>): number {
  if (typeof retryMs !== 'number' || !(retryMs >= 0)) throw badReply('a number of milliseconds');
  return retryMs;
}
