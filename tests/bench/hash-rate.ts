/** Passwords that this machine hashes a second, without a server: what logins can at most be. */
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

/** @returns checks of a password a second, of so many threads together that do nothing else. */
export async function hashRate(threads: number, seconds: number): Promise<number> {
  const entryPoint = path.join(__dirname, 'hash-rate-worker.js');
  const workers = Array.from(
    { length: threads },
    () => new Worker(entryPoint, { workerData: { durationMs: seconds * 1_000 } }),
  );
  const counts = await Promise.all(
    workers.map(async (worker) => (await once(worker, 'message'))[0] as number),
  );
  return counts.reduce((sum, count) => sum + count, 0) / seconds;
}
