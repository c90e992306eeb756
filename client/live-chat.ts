import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { ChatConnection, type PostReceipt } from './chat-connection';
import { ChatError } from './chat-error';
import type { ChatEvent } from './chat-event';
import type { LiveChatEvents, LiveChatLogin, LiveChatOptions, LiveChatSettings } from './live-chat-options';
import { MessageFeed } from './message-feed';
import { Outbox } from './outbox';
import { ReconnectingLink } from './reconnecting-link';
import { restWhileOpen } from './rest';
import { RetryDelay } from './retry-delay';
import { Settlement } from './settlement';

/**
 * A login that stays: it subscribes, hands over each message once and acknowledges it when it is handled, reconnects by
 * itself, and keeps what is posted until the server has stored it, exactly once.
 *
 * ```ts
 * const chat = await LiveChat.open({
 *   host: '127.0.0.1',
 *   port: 8889,
 *   username: 'messi',
 *   password: () => readPassword(),
 *   onMessage: async (message) => {
 *     await chat.post(message.from, `halo, ${message.fromName}`, `greeting-${message.id}`);
 *   },
 * });
 * chat.on('offline', (reason, retryMs) => console.error(reason.message, retryMs));
 * await chat.closed; // rejects when it cannot go on: a wrong password, a handler that threw
 * ```
 */
export class LiveChat extends EventEmitter<LiveChatEvents> {
  /** Resolves after `close`, `logout` and `release`; rejects with what made it impossible to go on. */
  readonly closed: Promise<void>;
  /** Resolves at the first `online`; rejects when that will not come. */
  readonly ready: Promise<void>;
  private readonly feed: MessageFeed;
  private readonly outbox: Outbox;
  private readonly pings: NodeJS.Timeout;
  private readonly closing = new Settlement();
  private readonly starting = new Settlement();
  private currentToken: string | undefined;
  /** The connection that is subscribed; undefined while offline. */
  private subscribed: ChatConnection | undefined;
  private hasBeenOnline = false;
  /** The connection is given up for the sake of a new login. */
  private isRenewing = false;
  private isClosing = false;
  private isLoggingOut = false;
  private isOver = false;

  /**
   * Connects, logs in and subscribes. Rejects when the first connection cannot be had or is lost before that is done, or
   * the login is refused: from then on only, lost connections are replaced.
   */
  static async open(options: LiveChatOptions): Promise<LiveChat> {
    const { host, port } = options;
    const link = new ReconnectingLink(
      (signal) => ChatConnection.connect(host, port, { ...options, signal }),
      options,
    );
    await link.open();
    const chat = new LiveChat(link, options, true);
    try {
      await chat.ready;
    } catch (reason) {
      // The caller learns it here; nobody has seen the other promise yet.
      chat.closed.catch(() => undefined);
      throw reason;
    }
    return chat;
  }

  /** On a link of the caller's own. @param ownsLink whether the link ends with this */
  constructor(
    private readonly link: ReconnectingLink,
    private readonly options: LiveChatLogin & LiveChatSettings,
    private readonly ownsLink = false,
  ) {
    super();
    this.closed = this.closing.promise;
    this.ready = this.starting.promise;
    this.ready.catch(() => undefined);
    this.currentToken = options.token;
    this.outbox = new Outbox(options.outboxPostsMax ?? 1_000);
    this.feed = new MessageFeed(options.onMessage, (reason) => {
      this.finish(reason);
    });
    this.pings = setInterval(() => {
      this.askForSignOfLife();
    }, options.pingIntervalMs ?? 30_000).unref();
    link.on('up', this.enter);
    link.on('down', this.goOffline);
    if (link.connection !== undefined) this.enter(link.connection);
  }

  get isOnline(): boolean {
    return this.subscribed !== undefined;
  }

  /** The session's token; undefined before the login. It can be kept, and given to the next `open`. */
  get token(): string | undefined {
    return this.currentToken;
  }

  /** How many posts have no answer yet. */
  get postCount(): number {
    return this.outbox.postCount;
  }

  /**
   * Sends a message, now or when there is a connection again, and resolves when the server has stored it, exactly once.
   * Messages to one destination arrive in the order of the calls. Rejects with the code of an error reply that is
   * final, with OUTBOX_FULL or with POST_EXPIRED; when this is closed first, with CONNECTION_CLOSED if nothing was
   * stored, and with UNKNOWN_OUTCOME if it was sent and no answer came.
   *
   * @param destination a username, or a room with its `#`
   * @param key one of the caller's own, for messages that must not be sent twice even if the program is started again
   */
  post(destination: string, text: string, key: string = randomUUID()): Promise<PostReceipt> {
    return this.outbox.add(key, destination, text);
  }

  /** Resolves when every post has its answer; at once while there is no connection. */
  flushed(): Promise<void> {
    return this.outbox.drained();
  }

  /**
   * Asks the server something as this user: `chat.ask((connection, token) => connection.rooms(token))`. Rejects with
   * CONNECTION_CLOSED while there is no connection.
   */
  async ask<Result>(
    request: (connection: ChatConnection, token: string) => Promise<Result>,
  ): Promise<Result> {
    const { subscribed, currentToken } = this;
    if (subscribed === undefined || currentToken === undefined)
      throw new ChatError('CONNECTION_CLOSED', 'there is no connection at the moment');
    return this.watched(subscribed, request(subscribed, currentToken));
  }

  /**
   * Hands over nothing more; once the message under way is handled and acknowledged, and what was posted is answered,
   * ends the connection. `closed` tells when. The session lives on and can be resumed by its token.
   */
  close(): void {
    if (this.isClosing) return;
    this.isClosing = true;
    void this.windDown();
  }

  /** Ends the session on the server, once what was posted is answered, and then this. */
  async logout(): Promise<void> {
    await this.outbox.drained();
    this.isLoggingOut = true;
    try {
      await this.ask((connection, token) => connection.logout(token));
    } catch (error) {
      // It has ended already, as it was to.
      if (!hasCode(error, 'BAD_SESSION')) throw error;
    } finally {
      this.isLoggingOut = false;
    }
    this.finish(undefined);
  }

  /**
   * Ends this at once, with the connection if that is its own: what is not acknowledged stays unread, what was posted or
   * asked and not answered is rejected.
   */
  release(): void {
    // A server that is silent would keep the process until the replies it owes are overdue.
    if (this.ownsLink) this.link.destroy();
    this.finish(undefined);
  }

  private async windDown(): Promise<void> {
    await this.feed.stop();
    await this.outbox.drained();
    this.finish(undefined);
  }

  private readonly enter = (connection: ChatConnection): void => {
    this.isRenewing = false;
    connection.on('event', this.takeEvent);
    this.subscribe(connection).then(
      (token) => {
        if (!this.isOver && connection.isOpen) this.goOnline(connection, token);
      },
      (reason: unknown) => {
        // A connection that is lost is the link's to replace.
        if (connection.isOpen) this.finish(reason);
      },
    );
  };

  /** Until it works, or cannot work. Returns the token. */
  private async subscribe(connection: ChatConnection): Promise<string> {
    const delay = new RetryDelay();
    for (;;) {
      try {
        return await this.trySubscribe(connection);
      } catch (error) {
        const waitMs = delay.after(error);
        if (waitMs === undefined || !connection.isOpen) throw error;
        await restWhileOpen(connection, waitMs);
        if (this.isOver) throw error;
      }
    }
  }

  private async trySubscribe(connection: ChatConnection): Promise<string> {
    const { password } = this.options;
    if (this.currentToken !== undefined) {
      try {
        await connection.subscribe(this.currentToken);
        return this.currentToken;
      } catch (error) {
        if (!hasCode(error, 'BAD_SESSION') || typeof password !== 'function') throw error;
      }
    }
    this.currentToken = await this.logIn(connection);
    await connection.subscribe(this.currentToken);
    return this.currentToken;
  }

  private async logIn(connection: ChatConnection): Promise<string> {
    const { username, password } = this.options;
    if (username === undefined || password === undefined)
      throw new ChatError('BAD_SESSION', 'there is neither a token nor a username with its password');
    return connection.auth(username, typeof password === 'string' ? password : await password());
  }

  private goOnline(connection: ChatConnection, token: string): void {
    this.subscribed = connection;
    this.hasBeenOnline = true;
    this.emit('online');
    this.starting.resolve();
    this.outbox.attach({
      post: (key, destination, text) =>
        this.watched(connection, connection.post(token, key, destination, text)),
    });
    // Whoever waits for `ready` gets to see this object before its first message.
    setImmediate(() => {
      if (this.subscribed !== connection) return;
      this.feed.attach({
        ack: (id) => this.watched(connection, connection.ack(token, id)),
        fetch: (limit) => this.watched(connection, connection.fetch(token, limit)),
      });
    });
  }

  private readonly goOffline = (reason: ChatError, retryMs: number): void => {
    this.subscribed = undefined;
    this.outbox.detach();
    this.feed.detach();
    // Whoever waits for `open` is to hear of it. Those with a link of their own hear of it by `offline`.
    if (this.ownsLink && !this.hasBeenOnline && !this.isRenewing) this.finish(reason);
    else this.emit('offline', reason, retryMs);
  };

  private readonly takeEvent = (event: ChatEvent): void => {
    if (event.kind === 'message') {
      this.feed.take(event.message);
      return;
    }
    if (event.kind === 'logout') {
      if (!this.isLoggingOut)
        this.loseSession(new ChatError('BAD_SESSION', 'the session was ended elsewhere, or has expired'));
      return;
    }
    this.emit('event', event);
    if (event.kind === 'read') this.emit(event.kind, event.id);
    else if (event.kind === 'gap') this.emit(event.kind);
    else if (event.kind === 'presence') this.emit(event.kind, event.presence);
    else if (event.kind === 'restart') this.emit(event.kind, event.retryMs);
    else if (event.kind !== 'unknown') this.emit(event.kind, event.change);
  };

  /** Lets nothing that ends the session, or shows that the connection is of no use, go by unnoticed. */
  private async watched<Result>(connection: ChatConnection, request: Promise<Result>): Promise<Result> {
    try {
      return await request;
    } catch (error) {
      if (this.subscribed === connection && connection.isOpen) {
        if (hasCode(error, 'BAD_SESSION') && !this.isLoggingOut) this.loseSession(error);
        if (hasCode(error, 'BAD_REPLY')) connection.destroy();
      }
      throw error;
    }
  }

  private loseSession(error: unknown): void {
    // A connection is subscribed once: the new session gets a new one.
    if (typeof this.options.password !== 'function') {
      this.finish(error);
      return;
    }
    this.isRenewing = true;
    this.link.reconnect();
  }

  private askForSignOfLife(): void {
    const { subscribed } = this;
    // A failure ends the connection, and the link replaces it.
    if (subscribed?.isOpen === true && subscribed.pendingRequests === 0)
      subscribed.ping().catch(() => undefined);
  }

  private finish(reason: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.isClosing = true;
    clearInterval(this.pings);
    this.link.off('up', this.enter);
    this.link.off('down', this.goOffline);
    this.link.connection?.off('event', this.takeEvent);
    this.subscribed = undefined;
    this.feed.detach();
    void this.feed.stop();
    this.outbox.end(
      reason instanceof ChatError
        ? reason
        : new ChatError('CONNECTION_CLOSED', 'the chat was closed on this side', { cause: reason }),
    );
    if (this.ownsLink && reason === undefined) void this.link.close();
    else if (this.ownsLink) this.link.destroy();
    this.starting.reject(reason ?? new ChatError('CONNECTION_CLOSED', 'the chat was closed on this side'));
    if (reason === undefined) this.closing.resolve();
    else this.closing.reject(reason);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof ChatError && error.code === code;
}
