/** Sockets in the file system, as promises. What they reject with is the system's own error: its `code` says why. */
import { once } from 'node:events';
import net from 'node:net';

/** Later errors of the socket are dropped: whoever reads from it sees that it ends, and need not know why. */
export async function connectLocal(socketPath: string): Promise<net.Socket> {
  const socket = net.connect(socketPath);
  // Before it connects: there is no moment in which an error would go unheard, and end the process.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

export async function listenLocal(server: net.Server, socketPath: string): Promise<void> {
  server.listen(socketPath);
  await once(server, 'listening');
}

/** Resolves once its connections have ended too. The socket is removed. */
export function closeServer(server: net.Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

/** What the system calls an error; undefined when it is not the system's. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
