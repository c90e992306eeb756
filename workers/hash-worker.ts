/**
 * Entry point of the threads that hash passwords: the slow lane. They never touch the store.
 */
import { setPriority } from 'node:os';
import type { HashJob, HashOutcome } from '../shared/batch/tasks';
import { runHashJob } from './password-hash';

/** On Linux a priority belongs to a thread: hashing gives way to sockets and quick commands, and uses what they leave. */
const hashingPriority = 10;
if (process.platform === 'linux') setPriority(0, hashingPriority);

/** Without a job there is nothing to do: see `refill` in `server/pool.ts`. */
export default function runJob(job: HashJob | undefined): HashOutcome | undefined {
  return job === undefined ? undefined : runHashJob(job);
}
