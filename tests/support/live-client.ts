import { type Address, LineSocket } from './line-socket';

/** A frame, parsed. */
export type Frame = Readonly<Record<string, unknown>>;

/** A connection that keeps replies and events apart. Every wait ends by a frame, or fails after the socket's time. */
export class LiveClient {
  readonly events: Frame[] = [];
  private taken = 0;

  private constructor(readonly socket: LineSocket) {}

  static async connect(address: Address, reading = true): Promise<LiveClient> {
    return new LiveClient(await LineSocket.connect(address, { reading, timeoutMs: 20_000 }));
  }

  /** Connects and logs in. */
  static async login(address: Address, username: string, password = 'surabaya'): Promise<LoggedIn> {
    const client = await LiveClient.connect(address);
    const { tokenid } = await client.ask(`auth ${username} ${password}`);
    return { client, token: String(tokenid) };
  }

  /** One request line, one reply; events that come before it are kept. */
  async ask(line: string): Promise<Frame> {
    this.socket.write(`${line}\n`);
    return this.reply();
  }

  /** The next reply to what was written. */
  async reply(): Promise<Frame> {
    for (;;) {
      const frame = await this.next();
      if (!('event' in frame)) return frame;
      this.events.push(frame);
    }
  }

  /** The next event that nobody has taken yet. */
  async event(): Promise<Frame> {
    if (this.taken === this.events.length) {
      const frame = await this.next();
      if (!('event' in frame)) throw new Error(`a reply that nobody asked for: ${JSON.stringify(frame)}`);
      this.events.push(frame);
    }
    this.taken += 1;
    return this.events[this.taken - 1]!;
  }

  /** The next so many messages, other events left out. */
  async messages(count: number): Promise<Frame[]> {
    const messages: Frame[] = [];
    while (messages.length < count) {
      const frame = await this.event();
      if (frame['event'] === 'message') messages.push(frame);
    }
    return messages;
  }

  private async next(): Promise<Frame> {
    return JSON.parse(await this.socket.frame()) as Frame;
  }
}

export interface LoggedIn {
  readonly client: LiveClient;
  readonly token: string;
}
