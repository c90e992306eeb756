/** Goal: no process ends in the midst of a write of the tables, unless that write never ends. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { Memory } from '../../shared/store/memory';
import { createStore } from '../../shared/store/store';
import { TableWrites } from '../../shared/store/table-writes';
import { startWorker } from '../support/compiled-worker';
import type { TableWriterRequest } from '../support/table-writer-worker';

interface Writer {
  readonly worker: Worker;
  readonly writes: TableWrites;
  readonly counts: Int32Array;
}

async function startWriter(writeMs: number): Promise<Writer> {
  const capacity = { threadsMax: 1, usersMax: 1, sessionsMax: 1, blocksMax: 1, inboxMessagesMax: 1 };
  const store = createStore(capacity);
  const counts = new SharedArrayBuffer(8);
  const request: TableWriterRequest = { store, writeMs, counts };
  const worker = startWorker('table-writer-worker.js', request);
  await once(worker, 'message');
  return { worker, writes: new TableWrites(new Memory(store)), counts: new Int32Array(counts) };
}

test('whoever forbids writes waits for the one under way, and no other begins', async () => {
  for (const writeMs of [0, 1, 5, 40]) {
    const { worker, writes, counts } = await startWriter(writeMs);
    while (Atomics.load(counts, 0) < 3) await delay(1);
    expect(writes.forbid(10_000)).toBe(true);
    const begun = Atomics.load(counts, 0);
    expect(Atomics.load(counts, 1)).toBe(begun);
    await delay(3 * writeMs + 10);
    expect(Atomics.load(counts, 0)).toBe(begun);
    await worker.terminate();
  }
});

test('a write that does not end is given up; once its thread has exited it is forgotten', async () => {
  const { worker, writes, counts } = await startWriter(100_000);
  while (Atomics.load(counts, 0) < 1) await delay(1);
  const { underWay } = writes;
  expect(underWay).toBeDefined();
  expect(writes.forbid(20)).toBe(false);
  await worker.terminate();
  expect(writes.underWay).toBe(underWay);
  writes.forget();
  expect(writes.underWay).toBeUndefined();
  writes.forget();
  expect(writes.forbid(0)).toBe(true);
});
