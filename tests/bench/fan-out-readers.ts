/**
 * A child process whose connections read a room's frames: `fan-out-readers PORT`, then a subscribe line for each
 * connection as a message from its parent. Counts frames by their ends and says so many times a second.
 */
import { connect } from 'node:net';

const port = Number(process.argv[2]);
const reportMs = 100;
const lineFeed = 0x0a;
let frames = 0;

function open(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => socket.write(line));
    socket.once('data', () => {
      resolve();
    });
    socket.on('data', (bytes) => {
      // A frame ends in two line feeds, and has none within.
      for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, end + 1)) frames += 0.5;
    });
  });
}

process.once('message', (lines: readonly string[]) => {
  Promise.all(lines.map(open)).then(
    () => setInterval(() => process.send?.(frames), reportMs),
    () => process.exit(1),
  );
});
process.once('disconnect', () => {
  process.exit(0);
});
