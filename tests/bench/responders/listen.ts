/** How every reference responder is started: `node <responder>.js PORT [THREADS [TASKS]]`, on 127.0.0.1 only. */
import type { Server } from 'node:net';

export function listenAsTold(server: Server): void {
  const port = Number(process.argv[2]);
  // The same backlog for all: the product's, and more than any shape opens at once.
  server.listen({ host: '127.0.0.1', port, backlog: 1_024 });
}

/** The second argument: how many threads a responder that has a pool uses. */
export function threadsAsTold(): number {
  return Number(process.argv[3] ?? 2);
}

/** The third: how many tasks a thread of it has at a time; one is Piscina's default. */
export function tasksPerThreadAsTold(): number {
  return Number(process.argv[4] ?? 1);
}
