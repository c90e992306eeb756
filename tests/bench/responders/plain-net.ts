/**
 * The ceiling: node:net, one fixed reply for every line end in what was read, one write for each read. No parsing, no
 * accounts, no messages. Nothing that answers each request from JavaScript on one thread can be much faster.
 */
import { createServer } from 'node:net';
import { listenAsTold } from './listen';

const reply = '{"status": "OK", "message": "Message Sent"}\r\n\r\n';
const lineFeed = 0x0a;
const readBufferBytes = 65_536;

/** `replies[n]` is n replies in one string: one latin1 string is the cheapest thing to write. */
const replies: string[] = [''];

function repliesOf(count: number): string {
  while (replies.length <= count) replies.push(reply.repeat(replies.length));
  return replies[count]!;
}

listenAsTold(
  createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
    socket.on('data', (bytes: Buffer) => {
      let lines = 0;
      for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, end + 1)) lines += 1;
      if (lines > 0) socket.write(repliesOf(lines), 'latin1');
    });
    socket.on('error', () => {
      socket.destroy();
    });
  }),
);

// One read never holds more lines than this; building the strings now keeps it out of the measurement.
repliesOf(Math.min(1_024, readBufferBytes));
