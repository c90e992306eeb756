/** What `trip.ts` measures the way to: a task that does nothing, and a queue of batches that are nothing. */
import { workerData } from 'node:worker_threads';
import { BatchQueue } from '../../shared/batch/batch-queue';
import { Memory } from '../../shared/store/memory';

export default function runNothing(): undefined {
  return undefined;
}

export function serve(): void {
  const queue = new BatchQueue(new Memory(workerData as SharedArrayBuffer), 0);
  while (queue.next() !== undefined) queue.markDone();
}
