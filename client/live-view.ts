import type { PostReceipt } from './chat-connection';
import type { ChatError } from './chat-error';
import type { ChatEvent } from './chat-event';
import type { ChatMessage } from './chat-message';
import type { Reply } from './reply';
import type { OutputLine } from './step';

/** An event that is told as it is. */
export type Notice = Exclude<ChatEvent, { kind: 'message' | 'logout' | 'unknown' }>;

/** Shows what happens in a live conversation, to a person or to a program. */
export interface LiveView {
  /** Whether a line is being typed, so that what it refers to must not change under it. */
  readonly isTyping: boolean;
  /** What a command leads to without the server. */
  print(lines: readonly OutputLine[]): void;
  /** The reply to a command, and what it means to a person. */
  reply(reply: Reply, lines: readonly OutputLine[]): void;
  /** A command that got no reply. */
  failed(error: ChatError): void;
  /** A message that cannot be sent at the moment and is kept. */
  kept(destination: string): void;
  posted(destination: string, receipt: PostReceipt): void;
  postFailed(destination: string, text: string, error: ChatError): void;
  /** Resolves when the message has been seen, or written where it will be. */
  message(message: ChatMessage): Promise<void>;
  notice(notice: Notice): void;
  /** There is a connection again and, where there is a login, it is subscribed. */
  online(): void;
  offline(reason: ChatError, retryMs: number): void;
  /** The server has ended the login. */
  loggedOut(error: ChatError): void;
  /** The server knows no `subscribe`: everything is as with an original one. */
  classic(): void;
  /** Something else that is shown all the time may have changed. */
  changed(): void;
}
