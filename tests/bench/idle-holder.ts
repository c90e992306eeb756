/** A child process that opens connections and holds them: `idle-holder PORT COUNT`. Tells its parent when all are open. */
import { connect } from 'node:net';
import type { HolderMessage } from './idle-memory';

const openingMax = 200;

const port = Number(process.argv[2]);
const count = Number(process.argv[3]);

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', resolve);
    socket.once('error', reject);
    socket.once('close', () => {
      tell({ failure: 'the server closed a connection' });
    });
  });
}

function tell(message: HolderMessage): void {
  process.send?.(message);
}

async function openAll(): Promise<void> {
  for (let opened = 0; opened < count; opened += openingMax) {
    await Promise.all(Array.from({ length: Math.min(openingMax, count - opened) }, open));
  }
  tell({ openedCount: count });
}

process.once('disconnect', () => {
  process.exit(0);
});
openAll().catch((error: unknown) => {
  tell({ failure: (error as Error).message });
});
