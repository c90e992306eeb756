import { setTimeout as sleep } from 'node:timers/promises';
import type { ChatMessage, MessagePage } from './chat-message';
import { ChatError } from './chat-error';
import { RetryDelay } from './retry-delay';

/** Handles one message. It is acknowledged when this has returned, or what this returned has resolved. */
export type MessageHandler = (message: ChatMessage) => void | Promise<void>;

/** What the feed asks of a subscribed connection. Both reject with a `ChatError`. */
export interface FeedChannel {
  ack(id: string): Promise<void>;
  /** The oldest unread messages. */
  fetch(limit: number): Promise<MessagePage>;
}

/** Messages held while the handler is busy; beyond them they are left on the server. */
const waitingMax = 1_000;
/** Messages that are recognised when they come again: more than can be waiting or unacknowledged. */
const knownMax = 10_000;
const fetchLimit = 100;

/**
 * Hands over each message once, in order of arrival, one at a time, and acknowledges it after that.
 *
 * The server sends a message again on every new connection until it is acknowledged, so one that is known is not handed
 * over again. When the handler falls too far behind, further messages are left unread on the server and fetched when
 * there is room again: messages are taken as they come again only once a fetch has brought nothing new and nothing was
 * left meanwhile.
 */
export class MessageFeed {
  private readonly waiting: ChatMessage[] = [];
  /** By id, in the order in which they came; the oldest are forgotten. */
  private readonly known = new Map<string, 'waiting' | 'handled'>();
  private channel: FeedChannel | undefined;
  /** Messages were left on the server, so what comes now must not overtake them. */
  private behind = false;
  private leftCount = 0;
  private ackWanted: string | undefined;
  /** The last message that the server has taken an `ack` of. */
  private acknowledged: string | undefined;
  private acknowledging: Promise<void> | undefined;
  private working: Promise<void> | undefined;
  private stopped = false;

  /** @param failed is told what the handler threw; nothing is handed over after that */
  constructor(
    private readonly handle: MessageHandler,
    private readonly failed: (reason: unknown) => void,
  ) {}

  /** A message as the server sends it. */
  take(message: ChatMessage): void {
    const known = this.known.get(message.id);
    // It was acknowledged in vain on a connection that is gone.
    if (known === 'handled') this.acknowledge(message.id);
    if (known !== undefined || this.stopped) return;
    if (this.behind || this.waiting.length >= waitingMax) {
      this.behind = true;
      this.leftCount += 1;
      return;
    }
    this.keep(message);
    this.work();
  }

  /** There is a subscribed connection. Before the first one nothing is handed over. */
  attach(channel: FeedChannel): void {
    this.channel = channel;
    if (this.ackWanted !== undefined) this.acknowledge(this.ackWanted);
    this.work();
  }

  /** The connection is gone: the next one sends everything unread again. */
  detach(): void {
    this.channel = undefined;
    this.behind = false;
  }

  /**
   * Hands over nothing more. Resolves when the message under way is handled and acknowledged, or cannot be for lack of a
   * connection.
   */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.working;
    while (this.acknowledging !== undefined) await this.acknowledging;
  }

  private keep(message: ChatMessage): void {
    this.known.set(message.id, 'waiting');
    this.waiting.push(message);
    if (this.known.size <= knownMax) return;
    const [oldest] = this.known.keys();
    this.known.delete(oldest!);
  }

  private work(): void {
    if (this.working !== undefined || this.channel === undefined) return;
    this.working = this.handleAll().finally(() => {
      this.working = undefined;
      // What came between the last look and now.
      if (this.waiting.length > 0 && !this.stopped) this.work();
    });
  }

  private async handleAll(): Promise<void> {
    while (!this.stopped) {
      const message = this.waiting.shift();
      if (message !== undefined) await this.handleOne(message);
      else if (this.behind && this.channel !== undefined) await this.catchUp(this.channel);
      else return;
    }
  }

  private async handleOne(message: ChatMessage): Promise<void> {
    try {
      await this.handle(message);
    } catch (reason) {
      this.stopped = true;
      this.failed(reason);
      return;
    }
    this.known.set(message.id, 'handled');
    this.acknowledge(message.id);
  }

  /** Nothing waits here, and something was left on the server. */
  private async catchUp(channel: FeedChannel): Promise<void> {
    // What is handled but still unread would fill the page.
    await this.acknowledging;
    const leftBefore = this.leftCount;
    const page = await this.fetch(channel);
    if (page === undefined || channel !== this.channel) return;
    const fresh = page.messages.filter(({ id }) => !this.known.has(id));
    for (const message of fresh) this.keep(message);
    const last = page.messages.at(-1);
    if (fresh.length === 0 && last !== undefined) this.acknowledge(last.id);
    if (fresh.length === 0 && !page.more && this.leftCount === leftBefore) this.behind = false;
  }

  private async fetch(channel: FeedChannel): Promise<MessagePage | undefined> {
    const delay = new RetryDelay();
    while (channel === this.channel) {
      try {
        return await channel.fetch(fetchLimit);
      } catch (error) {
        // A connection that failed is about to be replaced; waiting a little does no harm then either.
        await rest(delay.after(error) ?? delay.next());
      }
    }
    return undefined;
  }

  private acknowledge(id: string): void {
    this.ackWanted = id;
    if (this.channel === undefined || this.acknowledging !== undefined) return;
    this.acknowledging = this.acknowledgeAll().finally(() => {
      this.acknowledging = undefined;
      if (this.ackWanted !== undefined) this.acknowledge(this.ackWanted);
    });
  }

  /** One at a time, always the latest: it stands for all before it. */
  private async acknowledgeAll(): Promise<void> {
    const delay = new RetryDelay();
    while (this.ackWanted !== undefined && this.channel !== undefined) {
      const { ackWanted: id, channel } = this;
      this.ackWanted = undefined;
      try {
        await channel.ack(id);
        this.acknowledged = id;
      } catch (error) {
        if (!(error instanceof ChatError)) throw error;
        const waitMs = delay.after(error);
        if (channel !== this.channel || waitMs !== undefined) this.ackWanted ??= id;
        // Of a room that was left meanwhile: it stands for nothing, and what was handled before it is still unread.
        else if (error.code === 'NO_SUCH_MESSAGE') this.ackWanted ??= this.handledBefore(id);
        if (waitMs !== undefined) await rest(waitMs);
      }
    }
  }

  /** The last message that was handled before this one and is not known to be acknowledged. */
  private handledBefore(id: string): string | undefined {
    let last: string | undefined;
    for (const [earlier, state] of this.known) {
      if (earlier === id) return last;
      if (earlier === this.acknowledged) last = undefined;
      else if (state === 'handled') last = earlier;
    }
    return undefined;
  }
}

/** Waits without keeping the process alive: the connection does that. */
function rest(delayMs: number): Promise<void> {
  return sleep(delayMs, undefined, { ref: false });
}
