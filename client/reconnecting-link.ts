import { EventEmitter } from 'node:events';
import type { ChatConnection } from './chat-connection';
import { ChatError } from './chat-error';
import { RetryDelay, type RetryRange } from './retry-delay';

export interface LinkEvents {
  /** There is a connection, the first one or a new one. */
  up: [connection: ChatConnection];
  /** There is none, or still none; the next try is in so many milliseconds. */
  down: [reason: ChatError, retryMs: number];
}

/**
 * One connection at a time to one server. When it ends, or cannot be opened, another one is tried after a delay, which
 * doubles and is jittered. A server that restarts may have said what the delay is to be.
 */
export class ReconnectingLink extends EventEmitter<LinkEvents> {
  private readonly delay: RetryDelay;
  private current: ChatConnection | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Said by a `restart` event of the current connection. */
  private announcedMs: number | undefined;
  private upSinceMs = 0;
  private delayMs = 0;
  /** Aborted when there is to be no other connection. */
  private readonly ending = new AbortController();

  /** @param connect opens a connection, unless the signal tells it to give up; rejects with a `ChatError` */
  constructor(
    private readonly connect: (signal: AbortSignal) => Promise<ChatConnection>,
    range: RetryRange = {},
  ) {
    super();
    this.delay = new RetryDelay(range);
  }

  /** The connection; undefined while there is none. */
  get connection(): ChatConnection | undefined {
    return this.current;
  }

  /** Opens the first connection. Rejects when that fails: from then on only, it is tried again. */
  async open(): Promise<ChatConnection> {
    const connection = await this.connect(this.ending.signal);
    this.adopt(connection);
    return connection;
  }

  /** Gives up the connection and opens another one at once. */
  reconnect(): void {
    this.announcedMs = 0;
    this.current?.destroy();
  }

  /** Waits for the replies still owed, then ends the connection. There will be no other. */
  async close(): Promise<void> {
    this.end();
    await this.current?.close();
  }

  /** The same without waiting. */
  destroy(): void {
    this.end();
    this.current?.destroy();
  }

  private end(): void {
    this.ending.abort();
    clearTimeout(this.timer);
  }

  private adopt(connection: ChatConnection): void {
    if (this.ending.signal.aborted) {
      connection.destroy();
      return;
    }
    this.current = connection;
    this.upSinceMs = performance.now();
    this.announcedMs = undefined;
    connection.on('restart', (retryMs) => {
      this.announcedMs = retryMs;
    });
    if (!connection.isOpen) {
      this.lose(connection.closeReason);
      return;
    }
    connection.once('close', (reason) => {
      this.lose(reason);
    });
    this.emit('up', connection);
  }

  private lose(reason: ChatError | undefined): void {
    this.current = undefined;
    // A connection that lived no longer than the wait for it has cured nothing.
    if (performance.now() - this.upSinceMs > this.delayMs) this.delay.reset();
    this.retryIn(
      this.announcedMs ?? this.delay.next(),
      reason ?? new ChatError('CONNECTION_CLOSED', 'the connection was closed on this side'),
    );
  }

  private retryIn(delayMs: number, reason: ChatError): void {
    if (this.ending.signal.aborted) return;
    this.delayMs = delayMs;
    this.timer = setTimeout(() => {
      void this.retry();
    }, delayMs);
    this.emit('down', reason, delayMs);
  }

  private async retry(): Promise<void> {
    try {
      this.adopt(await this.connect(this.ending.signal));
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      this.retryIn(this.delay.next(), error);
    }
  }
}
