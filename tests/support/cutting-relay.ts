import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Address } from './line-socket';
import type { RandomNumbers } from './random-numbers';

/** A network that breaks: passes connections on to a server, and cuts them when it is told to. */
export class CuttingRelay {
  /** Where to pass connections on to; may change. */
  target: Address;
  private readonly connections = new Set<Socket>();

  private constructor(
    target: Address,
    private readonly server: Server,
  ) {
    this.target = target;
    server.on('connection', (near) => {
      this.join(near);
    });
  }

  static async start(target: Address): Promise<CuttingRelay> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CuttingRelay(target, server);
  }

  get address(): Address {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }

  /** Cuts one connection in the middle of whatever it carries. */
  cutOne(random: RandomNumbers): void {
    const connections = [...this.connections];
    if (connections.length > 0) random.of(connections).destroy();
  }

  stop(): void {
    this.server.close();
    for (const connection of this.connections) connection.destroy();
  }

  private join(near: Socket): void {
    const far = connect({ ...this.target, noDelay: true });
    this.connections.add(near);
    near.pipe(far);
    far.pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        other.destroy();
        this.connections.delete(near);
      });
    }
  }
}
