/**
 * Sockets of trusted proxies that have not said yet whom they speak for.
 */
import type { Socket } from 'node:net';
import type { Client } from './limits/client';
import { proxyHeaderBytesMax, readProxyHeader } from './limits/proxy-header';
import type { Logger } from './logger';

const headerMsMax = 5_000;

export class ProxiedSockets {
  private readonly sockets = new Set<Socket>();

  constructor(private readonly log: Logger) {}

  get size(): number {
    return this.sockets.size;
  }

  /**
   * Reads the PROXY header that a socket begins with. `onSource` gets the address that it names, undefined for the
   * proxy's own; what came after the header is put back into the socket, which is paused and has no listeners of this
   * class. Without a whole and correct header in 5 s the socket is cut.
   */
  readHeader(socket: Socket, proxy: Client, onSource: (source: string | undefined) => void): void {
    let received: Buffer = Buffer.alloc(0);
    const cut = (reason: string): void => {
      this.log.warn({ proxy: proxy.text, reason }, 'cut a connection of a proxy: it has no PROXY header');
      socket.destroy();
    };
    const timer = setTimeout(() => {
      cut(`it did not come in ${headerMsMax / 1_000} s`);
    }, headerMsMax);
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const header = readProxyHeader(received.subarray(0, proxyHeaderBytesMax));
      if (header.kind === 'incomplete') return;
      if (header.kind === 'bad') {
        cut(header.reason);
        return;
      }
      letGo();
      if (header.lengthBytes < received.length) socket.unshift(received.subarray(header.lengthBytes));
      onSource(header.source);
    };
    // A proxy that only checks whether somebody listens sends nothing and goes.
    const onGone = (): void => {
      socket.destroy();
    };
    const onClose = (): void => {
      letGo();
    };
    const letGo = (): void => {
      clearTimeout(timer);
      this.sockets.delete(socket);
      socket.pause();
      socket.removeListener('data', onData);
      socket.removeListener('end', onGone);
      socket.removeListener('error', onGone);
      socket.removeListener('close', onClose);
    };
    this.sockets.add(socket);
    socket.on('end', onGone);
    socket.on('error', onGone);
    socket.on('close', onClose);
    socket.on('data', onData);
  }

  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
