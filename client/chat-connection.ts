import { openSocket } from './open-socket';
import { activeUsersOf, errorOf, inboxOf, tokenOf, type InboxGroup, type Reply } from './reply';
import { requestLines } from './request-lines';
import { RequestPipeline, type PipelineOptions } from './request-pipeline';

export interface ChatConnectionOptions extends PipelineOptions {
  /** How long connecting may take. Default 10 s. */
  readonly connectTimeoutMs?: number;
}

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
 */
export class ChatConnection extends RequestPipeline {
  /**
   * Rejects with CONNECTION_REFUSED, HOST_NOT_FOUND, HOST_UNREACHABLE, TIMEOUT or CONNECTION_FAILED.
   *
   * @param host a name or an address, IPv6 without brackets
   */
  static async connect(
    host: string,
    port: number,
    options: ChatConnectionOptions = {},
  ): Promise<ChatConnection> {
    const socket = await openSocket(host, port, options.connectTimeoutMs ?? 10_000);
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

  private async demand(line: string): Promise<Reply> {
    const reply = await this.request(line);
    if (!reply.ok) throw errorOf(reply);
    return reply;
  }
}
