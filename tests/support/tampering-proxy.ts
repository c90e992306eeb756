import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Address } from './line-socket';

/** Stands between one client and a server, passes bytes on, and adds bytes of its own where a test wants it to. */
export class TamperingProxy {
  private serverSide: Socket | undefined;
  private onEnd: () => void = () => undefined;
  /** Resolves when the server has ended or cut the connection. */
  readonly endedByServer = new Promise<void>((resolve) => {
    this.onEnd = resolve;
  });

  private constructor(private readonly listener: net.Server) {}

  static async start(server: Address): Promise<TamperingProxy> {
    const listener = net.createServer({ allowHalfOpen: true });
    const proxy = new TamperingProxy(listener);
    listener.on('connection', (clientSide) => {
      proxy.join(clientSide, net.connect({ host: server.host, port: server.port, allowHalfOpen: true }));
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return proxy;
  }

  get address(): Address {
    return { host: '127.0.0.1', port: (this.listener.address() as AddressInfo).port };
  }

  /** Sends the server these bytes, as if the client had. */
  inject(bytes: Uint8Array): void {
    this.serverSide?.write(bytes);
  }

  stop(): void {
    this.serverSide?.destroy();
    this.listener.close();
  }

  /** The client's end is not passed on: only what the server does ends the server's side. */
  private join(clientSide: Socket, serverSide: Socket): void {
    this.serverSide = serverSide;
    clientSide.on('data', (bytes) => serverSide.write(bytes));
    serverSide.on('data', (bytes) => clientSide.write(bytes));
    clientSide.on('error', () => clientSide.destroy());
    serverSide.on('error', this.onEnd);
    serverSide.on('end', this.onEnd);
    serverSide.on('close', () => clientSide.destroy());
  }
}
