/** What a `LiveChat` is opened with, and what it emits. */
import type { ChatConnectionOptions } from './chat-connection';
import type { ChatError } from './chat-error';
import type { ChatEvent, ChatEvents } from './chat-event';
import type { MessageHandler } from './message-feed';
import type { RetryRange } from './retry-delay';

export interface LiveChatLogin {
  /** Needed with `password`. */
  readonly username?: string;
  /**
   * A text is used for the first login only. A function is asked again when the server no longer knows the session,
   * as after the restart of a server that keeps nothing; without it that is the end.
   */
  readonly password?: string | (() => string | Promise<string>);
  /** A session to resume instead of logging in. */
  readonly token?: string;
}

export interface LiveChatSettings {
  readonly onMessage: MessageHandler;
  /** How many posts may wait for an answer. Default 1,000. */
  readonly outboxPostsMax?: number;
  /** How often a silent connection is asked for a sign of life, so that a dead one is noticed. Default 30 s. */
  readonly pingIntervalMs?: number;
}

export interface LiveChatOptions
  extends Omit<ChatConnectionOptions, 'signal'>, LiveChatLogin, LiveChatSettings, RetryRange {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface LiveChatEvents extends Omit<ChatEvents, 'message' | 'logout'> {
  /** Any event of the server that is emitted by its name, before it is. */
  event: [event: Exclude<ChatEvent, { kind: 'message' | 'logout' }>];
  /** Logged in and subscribed, for the first time or again. Messages that were missed follow. */
  online: [];
  /** The connection is lost, or cannot be had; the next try is in so many milliseconds. */
  offline: [reason: ChatError, retryMs: number];
}
