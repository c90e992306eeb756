import { connect, type Socket } from 'node:net';
import tls from 'node:tls';

export interface Address {
  readonly host: string;
  readonly port: number;
  /** How to encrypt; undefined for plain text. */
  readonly encryption?: tls.ConnectionOptions;
}

export interface LineSocketOptions {
  /** How long `frame()`, `frames()` and `rest()` wait before they fail. */
  readonly timeoutMs?: number;
  /** False: nothing is read until `resume()`, as a client does that has stopped reading. */
  readonly reading?: boolean;
  /** The address to connect from; every one of 127.0.0.0/8 is this machine's. */
  readonly localAddress?: string;
}

const terminator = '\r\n\r\n';
const timeoutMsDefault = 30_000;

/**
 * A bare TCP or TLS client for tests. It writes the bytes it is given and collects reply frames, each ended by
 * `\r\n\r\n`. Frames are handed out as latin1, one character a byte, so that a test sees the bytes of the wire and
 * not what a decoder made of them. Every wait ends by an event or fails after `timeoutMs`; nothing sleeps.
 */
export class LineSocket {
  static readonly #open = new Set<LineSocket>();

  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #frames: string[] = [];
  #partial: Buffer = Buffer.alloc(0);
  #over = false;
  #error: Error | undefined;
  #waiters: (() => void)[] = [];

  /** One request over a connection of its own. */
  static async askOnce(address: Address, request: string): Promise<string> {
    const client = await LineSocket.connect(address);
    const reply = await client.ask(request);
    client.destroy();
    return reply;
  }

  /** Connects, or rejects with the error of the connection attempt. */
  static async connect(address: Address, options: LineSocketOptions = {}): Promise<LineSocket> {
    const { host, port } = address;
    const { localAddress } = options;
    const from = localAddress === undefined ? {} : { localAddress };
    const target = { host, port, ...from, allowHalfOpen: true };
    const socket =
      address.encryption === undefined ? connect(target) : tls.connect({ ...target, ...address.encryption });
    await new Promise<void>((resolve, reject) => {
      socket.once(address.encryption === undefined ? 'connect' : 'secureConnect', resolve);
      socket.once('error', reject);
    });
    socket.setNoDelay(true);
    socket.removeAllListeners();
    return new LineSocket(socket, options);
  }

  /** Destroys every connection that a test has left open, because it failed half way. */
  static destroyAll(): void {
    for (const socket of LineSocket.#open) socket.destroy();
  }

  private constructor(socket: Socket, options: LineSocketOptions) {
    LineSocket.#open.add(this);
    this.#socket = socket;
    this.#timeoutMs = options.timeoutMs ?? timeoutMsDefault;
    const finish = (error?: Error): void => {
      this.#over = true;
      this.#error ??= error;
      this.#wake();
    };
    socket.on('error', finish);
    socket.on('end', finish);
    socket.on('close', () => {
      LineSocket.#open.delete(this);
      finish();
    });
    if (options.reading !== false) this.resume();
  }

  /** The server has ended its side, or the connection broke. */
  get over(): boolean {
    return this.#over;
  }

  /** What broke the connection, when something did. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Bytes handed to `write` that the system has not taken yet: they stay when the peer does not read. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Frames received and not asked for yet. */
  get framesWaiting(): number {
    return this.#frames.length;
  }

  resume(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Resolves once the system took the bytes; rejects when the connection broke before. */
  async writeFlushed(bytes: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(bytes, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Every byte in a segment of its own: each is handed to the system before the next one is written. */
  async writeByteByByte(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    for (let index = 0; index < bytes.length; index += 1)
      await this.writeFlushed(bytes.subarray(index, index + 1));
  }

  /** Half-closes: no more requests, replies still wanted. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The next frame with its terminator. */
  async frame(): Promise<string> {
    await this.#until(() => this.#frames.length > 0, 'a reply');
    const frame = this.#frames.shift();
    if (frame === undefined) throw new Error(`the server closed the connection; ${this.#received()}`);
    return frame;
  }

  async frames(count: number): Promise<string[]> {
    await this.#until(() => this.#frames.length >= count, `${count} replies`);
    if (this.#frames.length < count)
      throw new Error(`the server closed the connection after ${this.#frames.length} of ${count} replies`);
    return this.#frames.splice(0, count);
  }

  /** One request line, one reply. */
  async ask(request: string): Promise<string> {
    this.write(`${request}\n`);
    return this.frame();
  }

  /** Everything that was received and not handed out yet, once the server has closed its side. */
  async rest(timeoutMs = this.#timeoutMs): Promise<string> {
    await this.untilOver(timeoutMs);
    return this.#frames.splice(0).join('') + this.#partial.toString('latin1');
  }

  /** The server has ended its side, or the connection broke. */
  async untilOver(timeoutMs = this.#timeoutMs): Promise<void> {
    await this.#until(() => this.#over, 'the server to close the connection', timeoutMs);
  }

  #take(chunk: Buffer): void {
    // A terminator can begin in the three bytes before this chunk, not earlier: frames were cut off as they came.
    const searchFrom = Math.max(0, this.#partial.length - terminator.length + 1);
    const bytes = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    let start = 0;
    let found = bytes.indexOf(terminator, searchFrom);
    while (found >= 0) {
      this.#frames.push(bytes.toString('latin1', start, found + terminator.length));
      start = found + terminator.length;
      found = bytes.indexOf(terminator, start);
    }
    this.#partial = bytes.subarray(start);
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  /** Waits until the condition holds or the connection is over. */
  async #until(condition: () => boolean, what: string, timeoutMs = this.#timeoutMs): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!condition() && !this.#over) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`waited ${timeoutMs} ms for ${what}; ${this.#received()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #received(): string {
    const error = this.#error ? `, ${this.#error.message}` : '';
    const partial = JSON.stringify(this.#partial.toString('latin1', 0, 200));
    return `received ${this.#frames.length} whole replies and ${partial}${error}`;
  }
}
