import { encodeJson, type JsonValue } from '../shared/protocol/json-ascii';
import type { PostReceipt } from './chat-connection';
import type { ChatError } from './chat-error';
import { wireMembers, type ChatMessage } from './chat-message';
import { pythonStyle } from './json-text';
import type { LiveView, Notice } from './live-view';
import type { Reply } from './reply';
import type { OutputLine } from './step';

type JsonObject = Readonly<Record<string, JsonValue>>;

/** Where the lines go. `done` is called once the text is out of this process's hands. */
export interface JsonSink {
  write(text: string, done?: () => void): unknown;
}

/**
 * A live conversation as a program reads it: one JSON object a line, in 7-bit ASCII. An object with a `status` is the
 * reply to a command, one a command, in their order; an object with an `event` comes by itself.
 */
export class JsonView implements LiveView {
  readonly isTyping = false;

  constructor(private readonly out: JsonSink) {}

  print(lines: readonly OutputLine[]): void {
    const error = lines.find(({ kind }) => kind === 'error');
    if (error !== undefined) {
      this.write({
        status: 'ERROR',
        message: error.text.replace(/^Error, /, ''),
        code: error.code ?? 'UNSPECIFIED',
      });
    } else if (lines.length > 0) {
      this.write({ status: 'OK', lines: lines.map(({ text }) => text) });
    }
  }

  reply(reply: Reply): void {
    this.out.write(`${pythonStyle(reply.text)}\n`);
  }

  failed(error: ChatError): void {
    this.write({ status: 'ERROR', ...errorMembers(error) });
  }

  kept(): void {
    // Its reply comes when there is one.
  }

  posted(_destination: string, { id, duplicate }: PostReceipt): void {
    this.write({ status: 'OK', id, duplicate });
  }

  postFailed(_destination: string, _text: string, error: ChatError): void {
    this.failed(error);
  }

  message(message: ChatMessage): Promise<void> {
    return new Promise((resolve) => {
      this.out.write(`${encodeJson({ event: 'message', ...wireMembers(message) })}\n`, resolve);
    });
  }

  notice(notice: Notice): void {
    this.write({ event: notice.kind, ...noticeMembers(notice) });
  }

  online(): void {
    this.write({ event: 'online' });
  }

  offline(reason: ChatError, retryMs: number): void {
    this.write({ event: 'offline', ...errorMembers(reason), retry_ms: retryMs });
  }

  loggedOut(error: ChatError): void {
    this.write({ event: 'logged_out', ...errorMembers(error) });
  }

  classic(): void {
    this.write({
      event: 'classic',
      message: 'this server sends no messages by itself: ask for them with inbox',
    });
  }

  changed(): void {
    // A program is told what happens, not how things stand.
  }

  private write(value: JsonObject): void {
    this.out.write(`${encodeJson(value)}\n`);
  }
}

function errorMembers({ message, code }: ChatError): JsonObject {
  return { message, code };
}

/** As they stand on the wire. */
function noticeMembers(notice: Notice): JsonObject {
  switch (notice.kind) {
    case 'presence': {
      const { user, name, isOnline, at } = notice.presence;
      return { user, msg_from: name, state: isOnline ? 'online' : 'offline', at: at.toISOString() };
    }
    case 'join':
    case 'leave': {
      const { room, user, name, at } = notice.change;
      return { room, user, msg_from: name, at: at.toISOString() };
    }
    case 'read':
      return { id: notice.id };
    case 'restart':
      return { retry_ms: notice.retryMs };
    case 'gap':
      return {};
  }
}
