import { historyPageOf, idOf, messagePageOf, type MessagePage } from './chat-message';
import { openSocket } from './open-socket';
import { activeUsersOf, errorOf, inboxOf, tokenOf, type InboxGroup, type Reply } from './reply';
import { requestLines } from './request-lines';
import { RequestPipeline, type PipelineOptions } from './request-pipeline';
import { membersOf, roomsOf, type Room, type RoomMember } from './room-replies';
import type { TlsOptions } from './start-socket';

export interface ChatConnectionOptions extends PipelineOptions {
  /** How long connecting may take. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Encrypt the connection, with a server that is known by this. `{}`: by the authorities that Node trusts. */
  readonly tls?: TlsOptions | undefined;
  /** Gives up connecting, which then rejects with CONNECTION_CLOSED. An open connection is not touched by it. */
  readonly signal?: AbortSignal | undefined;
}

/** What the server says about a message that it has taken. */
export interface PostReceipt {
  readonly id: string;
  /** Whether the message had been taken before, by an earlier `post` with the same key. */
  readonly duplicate: boolean;
}

export interface HistoryRange {
  /** How many messages at most. Default 50. */
  readonly limit?: number;
  /** Only what is older than the message of this id. */
  readonly beforeId?: string;
}

export interface SearchRange {
  /** Only the conversation with this user, or in this room. */
  readonly within?: string;
  /** The `before` of the page before. */
  readonly beforeId?: string;
}

const historyLimitDefault = 50;

/**
 * A connection to a chat server: this project's, or an original one.
 *
 * ```ts
 * const chat = await ChatConnection.connect('127.0.0.1', 8889);
 * const token = await chat.auth('messi', 'surabaya');
 * await chat.send(token, 'henderson', 'halo');
 * for (const { sender, messages } of await chat.inbox(token)) console.log(sender, messages);
 * await chat.close();
 * ```
 *
 * Requests may be pipelined: replies come in request order. Every method rejects with a `ChatError`; match on its
 * `code`. The typed methods reject with the code of an error reply; `request` resolves with it. Tokens are the
 * caller's to keep: one connection may serve many sessions, and a token works on any connection.
 *
 * After `subscribe` messages come by themselves. `LiveChat` does this with reconnecting, acknowledging and repeating; by
 * hand it is:
 *
 * ```ts
 * chat.on('message', (message) => {
 *   console.log(message.fromName, message.text);
 *   void chat.ack(token, message.id); // unread, and sent again to the next subscriber, until then
 * });
 * await chat.subscribe(token);
 * const { id } = await chat.post(token, randomUUID(), '#tim', 'halo semua');
 * ```
 */
export class ChatConnection extends RequestPipeline {
  /**
   * Rejects with CONNECTION_REFUSED, HOST_NOT_FOUND, HOST_UNREACHABLE, TIMEOUT or CONNECTION_FAILED; with `tls` also
   * with TLS_NOT_SPOKEN, and with CERTIFICATE_UNTRUSTED or CERTIFICATE_CHANGED, whose `members.fingerprint` is the one
   * that was seen. Nothing has been sent then.
   *
   * @param host a name or an address, IPv6 without brackets
   */
  static async connect(
    host: string,
    port: number,
    options: ChatConnectionOptions = {},
  ): Promise<ChatConnection> {
    const { tls, connectTimeoutMs = 10_000, signal } = options;
    const socket = await openSocket({ host, port, tls }, connectTimeoutMs, signal);
    return new ChatConnection(socket, options);
  }

  /** Logs in and returns the session's token. */
  async auth(username: string, password: string): Promise<string> {
    return tokenOf(await this.demand(requestLines.auth(username, password)));
  }

  /** Resolves when the server has taken the message. The text is one line; outer white space is not kept. */
  async send(token: string, recipient: string, text: string): Promise<void> {
    await this.demand(requestLines.send(token, recipient, text));
  }

  /** Takes what is unread, which is then read: a reply that gets lost takes its messages with it. */
  async inbox(token: string): Promise<InboxGroup[]> {
    return inboxOf(await this.demand(requestLines.inbox(token)));
  }

  /** The usernames that have a session, in order of login. */
  async activeUsers(token: string): Promise<string[]> {
    return activeUsersOf(await this.demand(requestLines.activeUsers(token)));
  }

  async logout(token: string): Promise<void> {
    await this.demand(requestLines.logout(token));
  }

  /** Creates an account, where the server allows it (FORBIDDEN otherwise). */
  async register(username: string, password: string, displayName?: string): Promise<void> {
    await this.demand(requestLines.register(username, password, displayName));
  }

  /** Changes the password, which ends the user's other sessions. */
  async passwd(token: string, oldPassword: string, newPassword: string): Promise<void> {
    await this.demand(requestLines.passwd(token, oldPassword, newPassword));
  }

  /** The reply's members say who the session belongs to. */
  async whoami(token: string): Promise<Reply> {
    return this.demand(requestLines.whoami(token));
  }

  async ping(): Promise<void> {
    await this.demand(requestLines.ping());
  }

  /**
   * From now on this connection gets events: first every unread message, then messages as they arrive. Each comes at
   * least once, in order of arrival, and again on the next subscription until it is acknowledged.
   */
  async subscribe(token: string): Promise<void> {
    await this.demand(requestLines.subscribe(token));
  }

  /**
   * Sends a message once, however often this is called with the same key: 1 to 64 visible ASCII characters, remembered
   * by the server for 24 hours. So a `post` whose outcome is unknown can be repeated.
   *
   * @param destination a username, or a room with its `#`
   */
  async post(token: string, key: string, destination: string, text: string): Promise<PostReceipt> {
    const { members } = await this.demand(requestLines.post(token, key, destination, text));
    return { id: idOf(members), duplicate: members.duplicate === true };
  }

  /** The oldest unread messages, in order of arrival. They stay unread. */
  async fetch(token: string, limit?: number): Promise<MessagePage> {
    return messagePageOf(await this.demand(requestLines.fetch(token, limit)));
  }

  /** Marks read everything up to and including this message, in order of arrival. */
  async ack(token: string, id: string): Promise<void> {
    await this.demand(requestLines.ack(token, id));
  }

  /** The newest messages of a conversation, in both directions, read or not; oldest first within the page. */
  async history(token: string, peerOrRoom: string, range: HistoryRange = {}): Promise<MessagePage> {
    const limit = range.limit ?? historyLimitDefault;
    return historyPageOf(await this.demand(requestLines.history(token, peerOrRoom, limit, range.beforeId)));
  }

  /** One's own messages, sent or received, that hold all of these words; most recent first. */
  async search(token: string, words: string, range: SearchRange = {}): Promise<MessagePage> {
    return messagePageOf(await this.demand(requestLines.search(token, words, range.within, range.beforeId)));
  }

  /** Makes one a member of the room, which comes into being with its first member, its owner. */
  async join(token: string, room: string): Promise<void> {
    await this.demand(requestLines.join(token, room));
  }

  async leave(token: string, room: string): Promise<void> {
    await this.demand(requestLines.leave(token, room));
  }

  /** Ends somebody else's membership: the owner may. */
  async remove(token: string, room: string, username: string): Promise<void> {
    await this.demand(requestLines.remove(token, room, username));
  }

  /** The rooms one is a member of. */
  async rooms(token: string): Promise<Room[]> {
    return roomsOf(await this.demand(requestLines.rooms(token)));
  }

  /** Who is in a room that one is in, in order of joining. */
  async members(token: string, room: string): Promise<RoomMember[]> {
    const all: RoomMember[] = [];
    for (;;) {
      const { members, more } = membersOf(
        await this.demand(requestLines.members(token, room, all.at(-1)?.user)),
      );
      all.push(...members);
      if (!more || members.length === 0) return all;
    }
  }

  private async demand(line: string): Promise<Reply> {
    const reply = await this.request(line);
    if (!reply.ok) throw errorOf(reply);
    return reply;
  }
}
