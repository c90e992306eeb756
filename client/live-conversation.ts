import { carryOut, type AskSecret, type StepRunner } from './carry-out';
import type { ChatConnection } from './chat-connection';
import { ChatError } from './chat-error';
import type { ChatMessage } from './chat-message';
import { LiveChat } from './live-chat';
import type { LiveView } from './live-view';
import type { ReconnectingLink } from './reconnecting-link';
import type { Session } from './session';
import type { OutputLine, Step } from './step';

/** A message that has no answer after this long is shown as pending. */
const pendingShownAfterMs = 300;
/** How long closing waits for the server, twice. */
const closeMsMax = 3_000;
/** Codes of a post that was given up on this side; a lost connection does not make a post fail. */
const unansweredCodes: ReadonlySet<string> = new Set(['CONNECTION_CLOSED', 'UNKNOWN_OUTCOME']);

/**
 * Carries out what is typed on a link that replaces its connections, and keeps each login subscribed. One request is in
 * flight at most: until a login is subscribed it is not known whether the server takes more than one at a time.
 */
export class LiveConversation implements StepRunner {
  private chat: LiveChat | undefined;
  /** The token that is subscribed, or has turned out to be one of a server that knows no `subscribe`. */
  private followedToken: string | undefined;
  /** The messages without an answer. */
  private readonly pending = new Set<{ readonly sinceMs: number }>();
  /** Each settles when a message has its answer, or will have none. */
  private readonly answers = new Set<Promise<void>>();
  /** The messages that had no answer when this side ended their login. */
  private unansweredCount = 0;
  /** Whether the last command, messages aside, got no answer. Nobody waits for that of a logout: its login is over. */
  private isUnanswered = false;
  /** The connection that was last subscribed. */
  private usedConnection: ChatConnection | undefined;
  /** The connection is being replaced because we want it so: nothing to speak of. */
  private isRenewing = false;
  private isLoggingOut = false;
  private latestCorrespondent: string | undefined;

  /** @param isForProgram whether each line gets its answer before the next one is entered, and nobody presses Tab */
  constructor(
    readonly session: Session,
    private readonly link: ReconnectingLink,
    private readonly view: LiveView,
    private readonly isForProgram: boolean,
  ) {
    link.on('down', (reason, retryMs) => {
      if (!this.isRenewing) view.offline(reason, retryMs);
      this.isRenewing = false;
    });
    link.on('up', () => {
      if (this.chat === undefined) view.online();
    });
  }

  /** How many messages wait for an answer for longer than a moment. */
  get pendingCount(): number {
    const shownBeforeMs = performance.now() - (this.link.connection === undefined ? 0 : pendingShownAfterMs);
    return [...this.pending].filter(({ sinceMs }) => sinceMs <= shownBeforeMs).length;
  }

  /** Runs one typed line to its end. */
  async enter(typed: string, askSecret: AskSecret): Promise<'stay' | 'leave'> {
    const outcome = await carryOut(this.session.enter(typed), this, askSecret);
    if (this.session.state.token !== undefined)
      this.session.state.lastCorrespondent = this.latestCorrespondent;
    return outcome;
  }

  print(lines: readonly OutputLine[]): void {
    this.view.print(lines);
  }

  async exchange({ line, answer }: Step & { do: 'request' }): Promise<void> {
    const { connection } = this.link;
    // Logging in or out ends what is subscribed; what was sent before that is sent.
    if (/^(auth|logout) /.test(line)) await this.chat?.flushed();
    this.isLoggingOut = line.startsWith('logout ');
    try {
      if (connection === undefined) throw new ChatError('CONNECTION_CLOSED', 'not connected at the moment');
      const reply = await connection.request(line);
      this.isUnanswered = false;
      this.view.reply(reply, answer(reply));
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      if (!this.isLoggingOut) this.isUnanswered = true;
      this.view.failed(error);
    }
    this.isLoggingOut = false;
    await this.followLogin();
  }

  async post({ destination, text }: Step & { do: 'post' }): Promise<void> {
    const { chat } = this;
    if (chat === undefined) throw new Error('a message was to be posted without a subscribed login');
    const answered = this.awaitAnswer(chat, destination, text).finally(() => this.answers.delete(answered));
    this.answers.add(answered);
    if (!chat.isOnline) this.view.kept(destination);
    if (this.isForProgram) await answered;
  }

  /**
   * Waits a while for answers and acknowledgements that are on their way, then ends the subscription. Resolves with the
   * number of messages that got no answer. For a program, which may look at nothing but the exit code, the last command
   * counts too: that tells a server that has gone from one that was away for a while.
   */
  async close(): Promise<number> {
    const { chat } = this;
    if (chat !== undefined) {
      await withinMs(chat.flushed(), closeMsMax);
      chat.close();
      await withinMs(
        chat.closed.catch(() => undefined),
        closeMsMax,
      );
      chat.release();
    }
    await Promise.all(this.answers);
    return this.unansweredCount + (this.isForProgram && this.isUnanswered ? 1 : 0);
  }

  /** Waits for nothing any more: whatever has no answer fails, now and from now on. */
  abandon(): void {
    this.chat?.release();
    this.link.destroy();
  }

  private async awaitAnswer(chat: LiveChat, destination: string, text: string): Promise<void> {
    const entry = { sinceMs: performance.now() };
    this.pending.add(entry);
    setTimeout(() => {
      this.view.changed();
    }, pendingShownAfterMs + 1).unref();
    try {
      const receipt = await chat.post(destination, text);
      this.isUnanswered = false;
      this.pending.delete(entry);
      this.view.posted(destination, receipt);
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      this.pending.delete(entry);
      if (unansweredCodes.has(error.code)) this.unansweredCount += 1;
      this.view.postFailed(destination, text, error);
    }
  }

  /** After a command that may have begun or ended a login. */
  private async followLogin(): Promise<void> {
    const { token } = this.session.state;
    if (token === this.followedToken) return;
    this.chat?.release();
    this.chat = undefined;
    this.followedToken = token;
    this.latestCorrespondent = undefined;
    this.view.changed();
    if (token !== undefined) await this.subscribe(token);
  }

  /** Resolves when it is known what kind of server this is, or when the connection is lost. */
  private subscribe(token: string): Promise<void> {
    const { connection } = this.link;
    // A connection is subscribed once: what belongs to one login must not come to another.
    let isReplaced = connection !== undefined && connection === this.usedConnection;
    if (isReplaced) {
      this.isRenewing = true;
      this.link.reconnect();
    }
    const chat = new LiveChat(this.link, { token, onMessage: (message) => this.take(message) });
    this.chat = chat;
    chat.on('event', (event) => {
      if (event.kind === 'unknown') return;
      if (event.kind === 'join') this.session.state.remember([event.change.user, event.change.room]);
      this.view.notice(event);
    });
    return new Promise((resolve) => {
      chat.on('offline', () => {
        // The end of the connection that is replaced is none of the login's.
        if (!isReplaced) resolve();
        isReplaced = false;
      });
      chat.on('online', () => {
        this.usedConnection = this.link.connection;
        this.session.state.isSubscribed = true;
        this.view.online();
        if (!this.isForProgram) void this.learnNames(chat);
        resolve();
      });
      chat.closed.then(resolve, (reason: unknown) => {
        this.lose(chat, reason);
        resolve();
      });
    });
  }

  /** For Tab: whom one can write to, as far as the server says. */
  private async learnNames(chat: LiveChat): Promise<void> {
    const { state } = this.session;
    try {
      const rooms = await chat.ask((connection, token) => connection.rooms(token));
      state.remember(rooms.map(({ room }) => room));
      state.remember(await chat.ask((connection, token) => connection.activeUsers(token)));
    } catch (error) {
      // Tab offers less then.
      if (!(error instanceof ChatError)) throw error;
    }
  }

  private lose(chat: LiveChat, reason: unknown): void {
    if (!(reason instanceof ChatError)) throw reason;
    if (chat !== this.chat) return;
    this.chat = undefined;
    const { state } = this.session;
    state.isSubscribed = false;
    if (reason.code === 'BAD_COMMAND') {
      this.view.classic();
      return;
    }
    state.forgetLogin();
    this.followedToken = undefined;
    // The reply to `logout` says so itself.
    if (!this.isLoggingOut) this.view.loggedOut(reason);
  }

  private async take(message: ChatMessage): Promise<void> {
    const { state } = this.session;
    this.latestCorrespondent = message.to.startsWith('#') ? message.to : message.from;
    // A reply that is being typed is to whoever wrote before it was begun.
    if (!this.view.isTyping) state.lastCorrespondent = this.latestCorrespondent;
    state.remember([message.from, message.to]);
    await this.view.message(message);
  }
}

/** Resolves when the promise does, or after so long. */
async function withinMs(promise: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
