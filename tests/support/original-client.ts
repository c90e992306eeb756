import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Address } from './line-socket';

const readBytesMax = 64;
const readTimeoutMs = 30_000;
const endOfReply = '\r\n\r\n';

/**
 * Behaves as the seed's client program does on the wire: one request at a time, every request ended by `" \r\n"`,
 * replies read 64 bytes at a time, each read decoded on its own as strict UTF-8, until what has been put together
 * ends with `\r\n\r\n`. A character cut in two by a read throws here, as it does there.
 */
export class OriginalClient {
  readonly #socket: Socket;
  #reads = 0;

  static async connect(address: Address): Promise<OriginalClient> {
    const socket = connect({ host: address.host, port: address.port });
    await once(socket, 'connect');
    return new OriginalClient(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Reads done so far: a reply longer than 64 bytes takes several. */
  get reads(): number {
    return this.#reads;
  }

  auth(username: string, password: string): Promise<string> {
    return this.#exchange(`auth ${username} ${password} \r\n`);
  }

  /** The text as the seed's client sends it: it keeps the space before the text, so there are two. */
  send(token: string, destination: string, text: string): Promise<string> {
    return this.#exchange(`send ${token} ${destination}  ${text} \r\n`);
  }

  inbox(token: string): Promise<string> {
    return this.#exchange(`inbox ${token} \r\n`);
  }

  activeUsers(token: string): Promise<string> {
    return this.#exchange(`activeuser ${token} \r\n`);
  }

  logout(token: string): Promise<string> {
    return this.#exchange(`logout ${token} \r\n`);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #exchange(request: string): Promise<string> {
    this.#socket.write(request);
    let text = '';
    while (!text.endsWith(endOfReply)) text += await this.#read();
    return text;
  }

  async #read(): Promise<string> {
    while (this.#socket.readableLength === 0)
      await once(this.#socket, 'readable', { signal: AbortSignal.timeout(readTimeoutMs) });
    const size = Math.min(readBytesMax, this.#socket.readableLength);
    const chunk = this.#socket.read(size) as Buffer;
    this.#reads += 1;
    return new TextDecoder('utf-8', { fatal: true }).decode(chunk);
  }
}
