import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** Answers one request line; whatever it writes is sent as it is. */
export type Script = (line: string, socket: Socket) => void;

/**
 * A server that says exactly what a test wants, byte for byte: for replies that no right server sends. It reads lines
 * and hands each to the script.
 */
export class ScriptedServer {
  /** The lines received, without their line ends, oldest first. */
  readonly received: string[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: net.Server) {}

  /** @param greet called with every new connection, before its first line */
  static async start(
    script: Script,
    greet: (socket: Socket) => void = () => undefined,
    port = 0,
  ): Promise<ScriptedServer> {
    const server = net.createServer();
    const scripted = new ScriptedServer(server);
    server.on('connection', (socket) => {
      scripted.serve(socket, script);
      greet(socket);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return scripted;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  breakConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Breaks all connections and stops listening. */
  async stop(): Promise<void> {
    this.breakConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket, script: Script): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let read = '';
    socket.on('data', (bytes) => {
      read += bytes.toString('latin1');
      for (let end = read.indexOf('\n'); end >= 0; end = read.indexOf('\n')) {
        const line = Buffer.from(read.slice(0, end).replace(/\r$/, ''), 'latin1').toString('utf8');
        read = read.slice(end + 1);
        this.received.push(line);
        script(line, socket);
      }
    });
  }
}
