import type { Socket } from 'node:net';
import type { LiveChatOptions } from '../../client';
import { encodeJson, type JsonValue } from '../../shared/protocol/json-ascii';
import { ScriptedServer } from './scripted-server';

export interface StoredPost {
  readonly key: string;
  readonly destination: string;
  readonly text: string;
}

/**
 * What happens to a request instead of its reply: an error reply, the connection's end before the request is carried
 * out, its end after that, or nothing after that.
 */
export type Fault =
  | { readonly error: Readonly<Record<string, JsonValue>> }
  | { readonly breaks: 'before' | 'after' }
  | { readonly isSilent: true };

type Wire = Readonly<Record<string, JsonValue>>;

/**
 * One user's live server, scripted: `auth`, `subscribe`, `fetch`, `ack`, `post`, `ping`, with the faults that a test asks
 * for. The user is messi; the password is surabaya; the messages are lineker's.
 */
export class LivePeer {
  /** Posts by key, in the order in which they were stored. */
  readonly posts: StoredPost[] = [];
  readonly acknowledged: string[] = [];
  unread: Wire[] = [];
  /** The token that is known; an `auth` gives a new one. */
  token = 'token-1';
  /** By command, used up one a request. */
  readonly faults = new Map<string, Fault[]>();
  private readonly subscribers = new Set<Socket>();
  private messageCount = 0;
  private loginCount = 1;
  private server: ScriptedServer | undefined;
  private chosenPort = 0;

  static async start(): Promise<LivePeer> {
    const peer = new LivePeer();
    await peer.listen();
    return peer;
  }

  get port(): number {
    return this.chosenPort;
  }

  /** What a live chat of the user needs, with little patience. */
  get chatOptions(): LiveChatOptions {
    return {
      host: '127.0.0.1',
      port: this.chosenPort,
      username: 'messi',
      password: 'surabaya',
      delayMsMin: 5,
      delayMsMax: 20,
      onMessage: () => undefined,
    };
  }

  /** Requests of this command since the last `listen`, in the order in which they came. */
  received(command: string): string[] {
    return this.server!.received.filter((line) => line.startsWith(`${command} `));
  }

  /** Listens where it listened before. */
  async listen(): Promise<void> {
    this.server = await ScriptedServer.start(
      (line, socket) => {
        this.answer(line, socket);
      },
      undefined,
      this.chosenPort,
    );
    this.chosenPort = this.server.port;
  }

  async stop(): Promise<void> {
    this.subscribers.clear();
    await this.server?.stop();
  }

  breakConnections(): void {
    this.subscribers.clear();
    this.server!.breakConnections();
  }

  /** A message for the user. */
  deliver(text: string): void {
    this.messageCount += 1;
    const message = {
      id: `id-${this.messageCount}`,
      from: 'lineker',
      msg_from: 'Gary Lineker',
      to: 'messi',
      msg_to: 'Lionel Messi',
      msg: text,
      at: new Date(Date.UTC(2026, 10, 23, 6, 0, 0, this.messageCount)).toISOString(),
    };
    this.unread.push(message);
    this.announce({ event: 'message', ...message });
  }

  /** Any event, to whoever has subscribed. */
  announce(event: Wire): void {
    for (const socket of this.subscribers) say(socket, event);
  }

  /** As a `logout` on another device does, or time. */
  endSession(): void {
    this.token = 'ended';
    this.announce({ event: 'logout' });
    this.subscribers.clear();
  }

  private answer(line: string, socket: Socket): void {
    const [command, ...words] = line.split(' ');
    const fault = this.faults.get(command!)?.shift();
    if (fault !== undefined && 'error' in fault) {
      say(socket, { status: 'ERROR', message: 'Gagal', ...fault.error });
      return;
    }
    const breaks = fault !== undefined && 'breaks' in fault ? fault.breaks : undefined;
    if (breaks === 'before') {
      this.drop(socket);
      return;
    }
    const reply = this.carryOut(command!, words, socket);
    if (breaks === 'after') this.drop(socket);
    if (fault !== undefined) return;
    say(socket, reply);
    if (command === 'subscribe' && reply.status === 'OK') this.sendUnread(socket);
  }

  private carryOut(command: string, words: readonly string[], socket: Socket): Wire {
    if (command === 'auth') return this.logIn(words[1]!);
    if (command === 'ping') return { status: 'OK', message: 'pong' };
    if (words[0] !== this.token)
      return { status: 'ERROR', message: 'Session Tidak Ditemukan', code: 'BAD_SESSION' };
    switch (command) {
      case 'subscribe':
        this.subscribers.add(socket);
        socket.once('close', () => this.subscribers.delete(socket));
        return { status: 'OK', message: 'Subscribed' };
      case 'fetch': {
        const limit = Number(words[1]);
        return { status: 'OK', messages: this.unread.slice(0, limit), more: this.unread.length > limit };
      }
      case 'ack':
        this.acknowledge(words[1]!);
        return { status: 'OK', message: 'Acknowledged' };
      case 'logout':
        this.endSession();
        return { status: 'OK', messages: 'Logged Out!' };
      case 'post':
        return this.store({ key: words[1]!, destination: words[2]!, text: words.slice(3).join(' ') });
      default:
        return { status: 'ERROR', message: 'Command tidak benar', code: 'BAD_COMMAND' };
    }
  }

  private logIn(password: string): Wire {
    if (password !== 'surabaya')
      return { status: 'ERROR', message: 'Password Salah', code: 'WRONG_PASSWORD' };
    this.loginCount += 1;
    this.token = `token-${this.loginCount}`;
    return { status: 'OK', tokenid: this.token };
  }

  private acknowledge(id: string): void {
    this.acknowledged.push(id);
    this.unread = this.unread.slice(this.unread.findIndex((message) => message.id === id) + 1);
  }

  private store(post: StoredPost): Wire {
    const known = this.posts.findIndex(({ key }) => key === post.key);
    if (known < 0) this.posts.push(post);
    const number = known < 0 ? this.posts.length : known + 1;
    return { status: 'OK', id: `post-${number}`, duplicate: known >= 0 };
  }

  private sendUnread(socket: Socket): void {
    for (const message of this.unread) say(socket, { event: 'message', ...message });
  }

  private drop(socket: Socket): void {
    this.subscribers.delete(socket);
    socket.destroy();
  }
}

function say(socket: Socket, frame: Wire): void {
  socket.write(`${encodeJson(frame)}\r\n\r\n`);
}
