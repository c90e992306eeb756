import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { lineBytesMaxDefault, replyBytesMax, requestTerminator } from '../shared/protocol/limits';
import { LineReader } from '../shared/protocol/line-reader';
import { ChatError } from './chat-error';
import { eventIn, type ChatEvent, type ChatEvents } from './chat-event';
import { errorOf, parseFrame, replyIn, type Reply } from './reply';
import { lineProblem, refusal } from './request-lines';

export interface PipelineOptions {
  /** How long a request may wait for its reply. After that the connection is closed: see `request`. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** How many requests may wait for their replies. Default 256. */
  readonly pendingRequestsMax?: number;
  /** The longest request line, without its line end. Default: the server's default. */
  readonly lineBytesMax?: number;
}

/**
 * `message`, `read`, `gap`, `presence`, `join`, `leave`, `logout` and `restart` come after a `subscribe` only. They are emitted as
 * they are read: those that came along with the reply to `subscribe` before its promise has resolved, so listen first.
 */
export interface PipelineEvents extends ChatEvents {
  /** Any of the events above, before it is emitted by its name. */
  event: [event: ChatEvent];
  /** The connection is over. The reason is undefined when this side asked for it. Emitted once. */
  close: [reason: ChatError | undefined];
  /** Bytes as they were read, before they are understood: for tracing. */
  received: [bytes: Buffer];
}

interface PendingRequest {
  readonly deadlineMs: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: ChatError) => void;
}

/** Original servers may write a little more than our bound: their longest reply is not bounded at all. */
const replyBytesSlack = 4_096;
const notOfThisProtocol = 'what the server sent is not a reply of this protocol';

/**
 * Requests down a connected socket, replies back in the same order.
 *
 * Bounds: `pendingRequestsMax` requests of `lineBytesMax` bytes wait at most, whether in the socket's buffer or at the
 * server; a reply is held up to 1 MiB and a little. Invariant: as many replies are owed as requests are pending.
 */
export class RequestPipeline extends EventEmitter<PipelineEvents> {
  private readonly requestTimeoutMs: number;
  private readonly pendingRequestsMax: number;
  private readonly lineBytesMax: number;
  private readonly replies = new LineReader(replyBytesMax + replyBytesSlack);
  private readonly pending: PendingRequest[] = [];
  private timer: NodeJS.Timeout | undefined;
  private closing = false;
  private closed = false;
  private reason: ChatError | undefined;
  /** An error reply that nobody asked for: what a server says before it closes a connection it cannot serve. */
  private lastWords: string | undefined;

  constructor(
    private readonly socket: Socket,
    options: PipelineOptions = {},
  ) {
    super();
    this.requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
    this.pendingRequestsMax = options.pendingRequestsMax ?? 256;
    this.lineBytesMax = options.lineBytesMax ?? lineBytesMaxDefault;
    socket.on('data', (bytes: Buffer) => {
      this.receive(bytes);
    });
    socket.on('error', (error) => {
      this.fail(new ChatError('CONNECTION_CLOSED', error.message, { cause: error }));
    });
    socket.on('close', () => {
      this.finish();
    });
  }

  /** Whether requests are still taken. */
  get isOpen(): boolean {
    return !this.closing && !this.closed && this.reason === undefined;
  }

  /** Why the connection ended; undefined while it lives, and when this side asked for the end. */
  get closeReason(): ChatError | undefined {
    return this.reason;
  }

  get pendingRequests(): number {
    return this.pending.length;
  }

  /**
   * Sends one request line, which must not hold a line end, and resolves with its reply, error replies included.
   *
   * Rejects, with nothing sent, with BAD_REQUEST (a line end or NUL in the line), LINE_TOO_LONG, TOO_MANY_PENDING, or
   * CONNECTION_CLOSED when the connection was over before. Rejects, with the request's outcome unknown, with
   * CONNECTION_CLOSED, TIMEOUT or BAD_REPLY; the last two close the connection, because replies have no numbers: once
   * one is missing, every later one would be taken for the wrong request's.
   *
   * Original servers take whatever one read gives them for one command: with those, await each reply before the next
   * request.
   */
  request(line: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const refused = this.refusalOf(line);
      if (refused !== undefined) {
        reject(refused);
        return;
      }
      this.pending.push({ deadlineMs: performance.now() + this.requestTimeoutMs, resolve, reject });
      this.timer ??= this.armTimer(this.requestTimeoutMs);
      // A single write: the line end must not travel in a packet of its own, see above.
      this.socket.write(line + requestTerminator);
    });
  }

  /** Takes no more requests, waits for the replies still owed, then closes. Resolves when the connection is over. */
  close(): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.closing = true;
    if (this.pending.length === 0) this.socket.destroySoon();
    return new Promise((resolve) => {
      this.once('close', () => {
        resolve();
      });
    });
  }

  /** Closes at once; requests still pending reject with CONNECTION_CLOSED. */
  destroy(): void {
    this.closing = true;
    this.socket.destroy();
  }

  private refusalOf(line: string): ChatError | undefined {
    if (!this.isOpen) return this.reason ?? new ChatError('CONNECTION_CLOSED', 'the connection is closed');
    const problem = lineProblem(line, this.lineBytesMax);
    if (problem !== undefined) return refusal(problem);
    if (this.pending.length < this.pendingRequestsMax) return undefined;
    return new ChatError(
      'TOO_MANY_PENDING',
      `${this.pending.length} requests already wait for their replies`,
    );
  }

  private receive(bytes: Buffer): void {
    this.emit('received', bytes);
    for (const frame of this.replies.push(bytes)) {
      if (this.reason !== undefined) return;
      if (this.replies.isCut(frame))
        this.fail(new ChatError('BAD_REPLY', 'a reply is longer than the protocol allows'));
      else this.dispatch(frame);
    }
  }

  /** The one place that decides whom a frame is for. Frames that answer no request (events) branch off here. */
  private dispatch(bytes: Buffer): void {
    const frame = parseFrame(bytes);
    const reply = frame === undefined ? undefined : replyIn(frame);
    if (reply !== undefined) {
      this.settle(reply);
      return;
    }
    try {
      const event = frame === undefined ? undefined : eventIn(frame);
      if (event === undefined) throw new ChatError('BAD_REPLY', notOfThisProtocol);
      this.announce(event);
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== 'BAD_REPLY') throw error;
      this.fail(error);
    }
  }

  private settle(reply: Reply): void {
    const request = this.pending.shift();
    if (request !== undefined) {
      request.resolve(reply);
      if (this.closing && this.pending.length === 0) this.socket.destroySoon();
    } else if (reply.ok) {
      this.fail(new ChatError('BAD_REPLY', 'the server sent a reply that nobody asked for'));
    } else {
      this.lastWords = errorOf(reply).message;
    }
  }

  private announce(event: ChatEvent): void {
    this.emit('event', event);
    if (event.kind === 'message') this.emit(event.kind, event.message);
    else if (event.kind === 'read') this.emit(event.kind, event.id);
    else if (event.kind === 'gap' || event.kind === 'logout') this.emit(event.kind);
    else if (event.kind === 'presence') this.emit(event.kind, event.presence);
    else if (event.kind === 'restart') this.emit(event.kind, event.retryMs);
    else if (event.kind !== 'unknown') this.emit(event.kind, event.change);
  }

  private armTimer(delayMs: number): NodeJS.Timeout {
    // The socket keeps the process alive while replies are owed; the timer need not.
    return setTimeout(() => {
      this.checkDeadline();
    }, delayMs).unref();
  }

  /** One timer watches the oldest request, whose deadline is the earliest: a timer a request would cost more. */
  private checkDeadline(): void {
    this.timer = undefined;
    const oldest = this.pending[0];
    if (oldest === undefined) return;
    const leftMs = oldest.deadlineMs - performance.now();
    if (leftMs > 0) this.timer = this.armTimer(leftMs);
    else this.fail(new ChatError('TIMEOUT', `no reply within ${this.requestTimeoutMs} ms`));
  }

  private fail(error: ChatError): void {
    if (!this.closed) this.reason ??= error;
    this.socket.destroy();
  }

  private finish(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    if (!this.closing) this.reason ??= new ChatError('CONNECTION_CLOSED', this.closedByServerText());
    const error = this.reason ?? new ChatError('CONNECTION_CLOSED', 'the connection was closed on this side');
    for (const { reject } of this.pending.splice(0)) reject(error);
    this.emit('close', this.reason);
  }

  private closedByServerText(): string {
    return this.lastWords === undefined
      ? 'the server closed it'
      : `the server closed it, saying: ${this.lastWords}`;
  }
}
