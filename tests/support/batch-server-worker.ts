/**
 * Serves a queue of batches as the pool's threads do, whenever it is told to. A batch here is a number: it is counted in
 * `runs`, and every so many have a result.
 */
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { openBatchQueues } from '../../shared/batch/batch-queue';
import { Memory } from '../../shared/store/memory';

export interface BatchServerRequest {
  readonly queueArea: SharedArrayBuffer;
  /** How often each batch was begun. */
  readonly runs: SharedArrayBuffer;
  /** Every so many batches there is one with a result. */
  readonly resultEvery: number;
}

/** The thread has left its queue. `segment` of the result's only rest is the batch. */
export interface BatchServerAnswer {
  readonly threadId: number;
  readonly result: readonly [{ readonly segment: number }] | undefined;
}

const { queueArea, runs, resultEvery } = workerData as BatchServerRequest;
const queues = openBatchQueues(new Memory(queueArea));
const runCounts = new Int32Array(runs);

function serve(): BatchServerAnswer {
  const queue = queues.find(({ thread }) => thread === threadId)!;
  for (;;) {
    const batch = queue.next();
    if (batch === undefined) return { threadId, result: undefined };
    Atomics.add(runCounts, batch, 1);
    if (batch % resultEvery === 0) return { threadId, result: [{ segment: batch }] };
    queue.markDone();
  }
}

parentPort!.on('message', () => {
  parentPort!.postMessage(serve());
});
