/** Stands for the table thread: writes without end, each write as long as it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import { Memory } from '../../shared/store/memory';
import { TableWrites } from '../../shared/store/table-writes';

export interface TableWriterRequest {
  readonly store: SharedArrayBuffer;
  readonly writeMs: number;
  /** Two words: how many writes were begun, how many were done. */
  readonly counts: SharedArrayBuffer;
}

const { store, writeMs, counts } = workerData as TableWriterRequest;
const words = new Int32Array(counts);
const writes = new TableWrites(new Memory(store));
const never = new Int32Array(new SharedArrayBuffer(4));

parentPort!.postMessage('started');
for (;;)
  writes.during(() => {
    Atomics.add(words, 0, 1);
    Atomics.wait(never, 0, 0, writeMs);
    Atomics.add(words, 1, 1);
  });
