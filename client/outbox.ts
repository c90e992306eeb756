import { lineBytesMaxDefault } from '../shared/protocol/limits';
import { tokenBytes } from '../shared/protocol/token';
import type { PostReceipt } from './chat-connection';
import { ChatError } from './chat-error';
import { lineProblem, refusal, requestLines } from './request-lines';
import { RetryDelay } from './retry-delay';

/** Where posts go while there is a login on a connection. Rejects with a `ChatError`. */
export interface PostChannel {
  post(key: string, destination: string, text: string): Promise<PostReceipt>;
}

interface Post {
  readonly key: string;
  readonly destination: string;
  readonly text: string;
  readonly resolve: (receipt: PostReceipt) => void;
  readonly reject: (error: ChatError) => void;
  inFlight: boolean;
  /** Whether an answer to it is still out, or was lost: the server may have stored it. */
  mayBeStored: boolean;
  /** When it was first sent, by `Date.now()`: the server remembers keys by the clock. */
  sentAtMs: number | undefined;
}

/** How many posts wait for their replies on a connection. */
const inFlightMax = 64;
/** A server remembers a key for 24 hours; a key that it may have forgotten must not be repeated. */
const keyAgeMsMax = 23 * 3_600_000;
/** The post may have reached the server, and no answer came. */
const noAnswerCodes: ReadonlySet<string> = new Set(['CONNECTION_CLOSED', 'TIMEOUT', 'BAD_REPLY']);
/** Failures of the connection, not of the post: it goes out again on the next connection. */
const connectionCodes: ReadonlySet<string> = new Set([...noAnswerCodes, 'BAD_SESSION']);

/**
 * Messages on their way to the server, each kept with its key until the server has answered for good: it is posted again with the
 * same key on the next connection, and after an error reply that says "not now". So it is stored exactly once.
 *
 * Holds `postsMax` posts at most. Posts to one destination are stored in the order in which they were added.
 */
export class Outbox {
  private readonly posts: Post[] = [];
  private readonly delay = new RetryDelay();
  private channel: PostChannel | undefined;
  /** Set while the server wants us to wait. */
  private pause: NodeJS.Timeout | undefined;
  private ended: ChatError | undefined;
  private drainWaiters: (() => void)[] = [];

  constructor(private readonly postsMax: number) {}

  /** How many posts have no answer yet. */
  get postCount(): number {
    return this.posts.length;
  }

  /**
   * Resolves when the server has stored the message. Rejects with the code of an error reply that is final, with
   * OUTBOX_FULL, with POST_EXPIRED, with what is wrong with the parts, or at the `end`.
   */
  add(key: string, destination: string, text: string): Promise<PostReceipt> {
    return new Promise((resolve, reject) => {
      // What could never be sent must not wait for the server to say so.
      const problem = lineProblem(
        requestLines.post('x'.repeat(tokenBytes), key, destination, text),
        lineBytesMaxDefault,
      );
      if (problem !== undefined) throw refusal(problem);
      if (this.ended !== undefined) throw this.ended;
      if (this.posts.length >= this.postsMax)
        throw new ChatError('OUTBOX_FULL', `${this.posts.length} messages already wait to be sent`);
      const state = { inFlight: false, mayBeStored: false, sentAtMs: undefined };
      this.posts.push({ key, destination, text, resolve, reject, ...state });
      this.pump();
    });
  }

  /** There is a connection: everything not answered goes out on it. */
  attach(channel: PostChannel): void {
    this.channel = channel;
    for (const post of this.posts) post.inFlight = false;
    this.pump();
  }

  /** There is none any more. */
  detach(): void {
    this.channel = undefined;
    this.wakeDrainWaiters();
  }

  /** Resolves when nothing waits, or when nothing can be done about it for lack of a connection. */
  async drained(): Promise<void> {
    if (this.posts.length === 0 || this.channel === undefined) return;
    await new Promise<void>((resolve) => {
      this.drainWaiters.push(resolve);
    });
  }

  /** Rejects all that waits, and all that comes, with this reason; with UNKNOWN_OUTCOME what may have been stored. */
  end(reason: ChatError): void {
    this.ended = reason;
    clearTimeout(this.pause);
    const unknown = new ChatError('UNKNOWN_OUTCOME', `it may or may not have been sent: ${reason.message}`, {
      cause: reason,
    });
    for (const post of this.posts.splice(0)) post.reject(post.mayBeStored ? unknown : reason);
    this.detach();
  }

  private pump(): void {
    const { channel } = this;
    if (channel === undefined || this.pause !== undefined) return;
    this.giveUpExpired();
    let inFlightCount = this.posts.filter(({ inFlight }) => inFlight).length;
    // A later post to the same destination waits for the earlier one: that one may have to be repeated.
    const busyDestinations = new Set<string>();
    for (const post of [...this.posts]) {
      if (inFlightCount >= inFlightMax) return;
      const destination = post.destination.toLowerCase();
      const mayGo = !post.inFlight && !busyDestinations.has(destination);
      busyDestinations.add(destination);
      if (!mayGo) continue;
      inFlightCount += 1;
      void this.send(post, channel);
    }
  }

  /** Before any is sent: those behind an expired one go out in its place. */
  private giveUpExpired(): void {
    const sentBeforeMs = Date.now() - keyAgeMsMax;
    for (const post of [...this.posts]) {
      if (post.inFlight || post.sentAtMs === undefined || post.sentAtMs >= sentBeforeMs) continue;
      this.remove(post);
      post.reject(
        new ChatError('POST_EXPIRED', 'it may or may not have been sent, too long ago to try again'),
      );
    }
  }

  private async send(post: Post, channel: PostChannel): Promise<void> {
    const { mayBeStored } = post;
    post.inFlight = true;
    post.mayBeStored = true;
    post.sentAtMs ??= Date.now();
    try {
      const receipt = await channel.post(post.key, post.destination, post.text);
      this.delay.reset();
      this.remove(post);
      post.resolve(receipt);
    } catch (error) {
      // That is said of this attempt; of those before it, nothing is.
      if (isRefusal(error)) post.mayBeStored = mayBeStored;
      if (channel !== this.channel) return;
      this.fail(post, error);
    }
    this.pump();
  }

  private fail(post: Post, error: unknown): void {
    const waitMs = this.delay.after(error);
    if (waitMs !== undefined) {
      post.inFlight = false;
      this.pause ??= setTimeout(() => {
        this.pause = undefined;
        this.pump();
      }, waitMs).unref();
      return;
    }
    if (!(error instanceof ChatError)) throw error;
    // It stays in flight, so that it is not tried again before there is another connection.
    if (connectionCodes.has(error.code)) return;
    this.remove(post);
    post.reject(error);
  }

  private remove(post: Post): void {
    const index = this.posts.indexOf(post);
    if (index >= 0) this.posts.splice(index, 1);
    if (this.posts.length === 0) this.wakeDrainWaiters();
  }

  private wakeDrainWaiters(): void {
    for (const resolve of this.drainWaiters.splice(0)) resolve();
  }
}

/** Whether the server has said that it stored nothing. */
function isRefusal(error: unknown): boolean {
  return error instanceof ChatError && error.code !== 'UNKNOWN_OUTCOME' && !noAnswerCodes.has(error.code);
}
