import { LineSocket, type Address } from '../support/line-socket';
import type { Account, Cast } from './account';
import { Mismatch } from './case-errors';
import { anyOk, badSession, emptyInbox, loggedOut, tokenReply } from './replies';
import { visible } from './visible';

export interface SceneSettings {
  readonly address: Address;
  readonly cast: Cast;
  /** The longest line the server takes (`--max-line`), without its line end. */
  readonly lineBytesMax: number;
  readonly replyTimeoutMs: number;
}

/** Reads after which an inbox must be empty: somebody writes to it all the time, or it is never marked read. */
const inboxReadsMax = 1_000;

type Expected = string | RegExp;

/**
 * Where one case plays: a connection, the accounts, and a memory of what has to be cleaned up. A case leaves no session and no
 * connection behind, whether it passed or not, and reads inboxes empty before it relies on them.
 */
export class Scene {
  readonly #settings: SceneSettings;
  readonly #sockets: LineSocket[] = [];
  readonly #tokens = new Set<string>();
  /** The connection of cases that need only one. */
  readonly wire: LineSocket;

  static async open(settings: SceneSettings): Promise<Scene> {
    const wire = await LineSocket.connect(settings.address, { timeoutMs: settings.replyTimeoutMs });
    return new Scene(settings, wire);
  }

  private constructor(settings: SceneSettings, wire: LineSocket) {
    this.#settings = settings;
    this.wire = wire;
    this.#sockets.push(wire);
  }

  get cast(): Cast {
    return this.#settings.cast;
  }

  get lineBytesMax(): number {
    return this.#settings.lineBytesMax;
  }

  async connect(): Promise<LineSocket> {
    const socket = await LineSocket.connect(this.#settings.address, {
      timeoutMs: this.#settings.replyTimeoutMs,
    });
    this.#sockets.push(socket);
    return socket;
  }

  /** Sends one request line, ended by LF, and compares the reply. */
  async expect(request: string, expected: Expected, socket = this.wire): Promise<string> {
    return this.expectAfter(`${request}\n`, expected, socket);
  }

  /** Sends bytes as they are and compares the next reply. */
  async expectAfter(bytes: string | Uint8Array, expected: Expected, socket = this.wire): Promise<string> {
    socket.write(bytes);
    return this.expectNext(visible(Buffer.from(bytes)), expected, socket);
  }

  /** Compares the next reply to come. `request` says after what, for the report. */
  async expectNext(request: string, expected: Expected, socket = this.wire): Promise<string> {
    const received = await socket.frame().catch((reason: unknown) => {
      throw new Mismatch(
        request,
        visible(expected),
        reason instanceof Error ? reason.message : String(reason),
      );
    });
    this.check(request, expected, received);
    return received;
  }

  check(request: string, expected: Expected, received: string): void {
    const same = typeof expected === 'string' ? received === expected : expected.test(received);
    if (!same) throw new Mismatch(request, visible(expected), visible(received));
  }

  /** The server closes the connection after exactly these bytes. */
  async expectClosed(after: string, expected: Expected, socket = this.wire): Promise<void> {
    const received = await socket.rest().catch((reason: unknown) => {
      throw new Mismatch(
        after,
        'the connection closed',
        reason instanceof Error ? reason.message : String(reason),
      );
    });
    this.check(after, expected, received);
  }

  /** The connection still answers, and nothing else was on its way. */
  async expectAlive(socket = this.wire): Promise<void> {
    await this.expect('inbox is-it-alive', badSession, socket);
  }

  async login(account: Account, socket = this.wire): Promise<string> {
    const reply = await this.expect(`auth ${account.username} ${account.password}`, tokenReply, socket);
    return this.remember(reply);
  }

  /** Takes the token out of a reply to `auth`; the session ends with the scene. */
  remember(reply: string): string {
    const token = tokenReply.exec(reply)?.[1];
    if (token === undefined) throw new Mismatch('auth', visible(tokenReply), visible(reply));
    this.#tokens.add(token);
    return token;
  }

  async logout(token: string, socket = this.wire): Promise<void> {
    await this.expect(`logout ${token}`, loggedOut, socket);
    this.#tokens.delete(token);
  }

  /** Logs in and reads what earlier conversations left in the inbox. */
  async enter(account: Account): Promise<string> {
    const token = await this.login(account);
    for (let reads = 0; reads < inboxReadsMax; reads += 1) {
      if ((await this.expect(`inbox ${token}`, anyOk)) === emptyInbox) return token;
    }
    throw new Mismatch(`${inboxReadsMax} times inbox`, visible(emptyInbox), 'never an empty inbox');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#tokens.size === 0) return;
    const socket = await LineSocket.connect(this.#settings.address, {
      timeoutMs: this.#settings.replyTimeoutMs,
    });
    for (const token of this.#tokens) socket.write(`logout ${token}\n`);
    await socket.frames(this.#tokens.size);
    socket.destroy();
  }
}
