/** Threads of the tests' own, running what jest's global setup has compiled. */
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

const compiledSupport = path.resolve(__dirname, '..', '..', 'dist', 'tests', 'support');

/** Starts a compiled file of `tests/support/`. */
export function startWorker(file: string, workerData: unknown): Worker {
  return new Worker(path.join(compiledSupport, file), { workerData });
}

/**
 * Starts such a file once for every request and waits for the one message that each thread answers with. When one
 * fails, all are ended: the others may be waiting for it.
 */
export async function answersOf<Answer>(file: string, requests: readonly unknown[]): Promise<Answer[]> {
  const workers = requests.map((request) => startWorker(file, request));
  try {
    const messages = await Promise.all(workers.map((worker) => once(worker, 'message')));
    return messages.map(([answer]) => answer as Answer);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
