/**
 * How the server ends sockets: what it said last is to reach the client.
 */
import type { Socket } from 'node:net';

/** How long a client that was told that this was all may take to close. */
const lingerMs = 250;

/** Lets out what is written, tells the client that it was all, and does not wait long for its goodbye. */
export function endSocket(socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) return;
  socket.end(() => {
    setTimeout(() => {
      socket.destroy();
    }, lingerMs);
  });
}

/**
 * Ends a socket that is not served, after these bytes. What its client still sends is read and dropped: if it were left
 * unread, the kernel would drop the last bytes too.
 */
export function dismissSocket(socket: Socket, lastBytes: string | Uint8Array): void {
  // A reset by the peer ends in 'close' like everything else.
  socket.on('error', () => undefined);
  socket.write(lastBytes, 'latin1');
  socket.resume();
  endSocket(socket);
}
