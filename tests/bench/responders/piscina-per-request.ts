/**
 * A worker pool as its documentation shows it: the main thread accepts and frames, every request is one `run()`, a
 * worker makes the reply. The replies of a connection are written in the order of its requests.
 */
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import Piscina from 'piscina';
import { listenAsTold, tasksPerThreadAsTold, threadsAsTold } from './listen';

const threads = threadsAsTold();
const pool = new Piscina<string, string>({
  filename: require.resolve('./piscina-per-request-worker'),
  minThreads: threads,
  maxThreads: threads,
  idleTimeout: Infinity,
  recordTiming: false,
  atomics: 'sync',
  concurrentTasksPerWorker: tasksPerThreadAsTold(),
});

function serve(socket: Socket): void {
  let pending = '';
  /** Resolves when everything before has been written. */
  let written: Promise<void> = Promise.resolve();
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop()!;
    for (const line of lines) {
      const reply = pool.run(line);
      written = written.then(async () => {
        socket.write(await reply, 'latin1');
      });
    }
  });
  socket.on('error', () => {
    socket.destroy();
  });
}

listenAsTold(createServer({ noDelay: true }, serve));
