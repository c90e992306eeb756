/** One thread of `hash-rate.ts`: hashes passwords for as long as it is told, and says how many there were. */
import { parentPort, workerData } from 'node:worker_threads';
import { runHashJob } from '../../workers/password-hash';

const { durationMs } = workerData as { durationMs: number };
const password = 'surabaya';
const passwordHash = runHashJob({ kind: 'hash', password }).newHash!;

let count = 0;
const endMs = performance.now() + durationMs;
for (; performance.now() < endMs; count += 1) runHashJob({ kind: 'verify', password, passwordHash });
parentPort!.postMessage(count);
