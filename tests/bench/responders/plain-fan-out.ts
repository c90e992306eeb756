/**
 * The ceiling for rooms: node:net, and for every line of anybody a frame of a room's size to everybody else, one write
 * for each socket and read, and an OK to the sender.
 */
import { createServer, type Socket } from 'node:net';
import { listenAsTold } from './listen';

const ok = '{"status": "OK", "message": "Message Sent"}\r\n\r\n';
const frame =
  '{"event": "message", "id": "1z4c-R1", "from": "user1", "msg_from": "User 1", "to": "#everybody", ' +
  '"msg_to": "#everybody", "msg": "anjay lu jago amat, kawan-kawan", "at": "2026-11-23T06:00:00.000Z"}\r\n\r\n';
const lineFeed = 0x0a;
const sockets = new Set<Socket>();

listenAsTold(
  createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('data', (bytes) => {
      let lines = 0;
      for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, end + 1)) lines += 1;
      if (bytes.toString('latin1', 0, 4) !== 'send') {
        socket.write(ok.repeat(lines), 'latin1');
        return;
      }
      const frames = frame.repeat(lines);
      for (const other of sockets) if (other !== socket) other.write(frames, 'latin1');
      socket.write(ok.repeat(lines), 'latin1');
    });
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {
      socket.destroy();
    });
  }),
);
