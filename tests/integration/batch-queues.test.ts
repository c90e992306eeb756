// Goal: every batch is run once and in order, and its promise is kept, whenever a thread is called away, or dies.
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { BatchQueues } from '../../server/batch-queues';
import { BatchQueue, createQueueArea, queuedBatchesMax } from '../../shared/batch/batch-queue';
import { Memory } from '../../shared/store/memory';
import type { BatchServerAnswer, BatchServerRequest } from '../support/batch-server-worker';
import { startWorker } from '../support/compiled-worker';
import { RandomNumbers } from '../support/random-numbers';

const batchesPerThread = 2;
const resultEvery = 7;

/** Threads that serve queues, and are replaced when they die, as the pool's are. */
class BatchServers {
  readonly queues: BatchQueues;
  readonly threads: Worker[] = [];
  readonly runCounts: Int32Array;
  private readonly request: BatchServerRequest;
  private hasEnded = false;

  constructor(threads: number, batches: number) {
    const runs = new SharedArrayBuffer(batches * 4);
    this.runCounts = new Int32Array(runs);
    this.request = { queueArea: createQueueArea(threads), runs, resultEvery };
    this.queues = new BatchQueues(this.request.queueArea, batchesPerThread);
    for (let thread = 0; thread < threads; thread += 1) this.start();
  }

  callAway({ threadId }: Worker): void {
    this.queues.callAway(threadId);
  }

  async end(): Promise<void> {
    this.hasEnded = true;
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  private start(): void {
    const thread = startWorker('batch-server-worker.js', this.request);
    const { threadId } = thread;
    this.threads.push(thread);
    this.queues.assign(threadId);
    thread.on('message', ({ result }: BatchServerAnswer) => {
      this.queues.noteLeft(threadId, result);
      thread.postMessage('serve');
    });
    thread.once('exit', () => {
      this.threads.splice(this.threads.indexOf(thread), 1);
      this.queues.bury(threadId);
      if (!this.hasEnded) this.start();
    });
    thread.postMessage('serve');
  }
}

let servers: BatchServers | undefined;
afterEach(async () => {
  await servers?.end();
  servers = undefined;
});

test('batches are run once and in order, while their thread is called away again and again', async () => {
  const batches = 4_000;
  servers = new BatchServers(1, batches);
  const { queues, threads, runCounts } = servers;
  const random = new RandomNumbers(1);
  const kept: number[] = [];
  const results: number[] = [];
  const running: Promise<void>[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const trip = queues.run(batch).then((result) => {
      kept.push(batch);
      if (result !== undefined) results.push(result[0]!.segment);
    });
    running.push(trip);
    if (random.below(5) === 0) servers.callAway(threads[0]!);
    // Sometimes the queue fills, sometimes the thread sleeps.
    if (random.below(4) === 0) await trip;
  }
  await Promise.all(running);
  const all = Array.from(runCounts.keys());
  expect(kept).toEqual(all);
  expect(results).toEqual(all.filter((batch) => batch % resultEvery === 0));
  expect(runCounts.every((count) => count === 1)).toBe(true);
});

test('a thread that dies takes with it no batch but its own, and those are told', async () => {
  const batches = 3_000;
  const killsMax = 20;
  servers = new BatchServers(3, batches);
  const { queues, threads, runCounts } = servers;
  const random = new RandomNumbers(2);
  const outcomes = new Map<number, 'kept' | 'lost'>();
  let kills = 0;
  const runOne = async (batch: number): Promise<void> => {
    const outcome = await queues.run(batch).then(
      () => 'kept' as const,
      () => 'lost' as const,
    );
    expect(outcomes.has(batch)).toBe(false);
    outcomes.set(batch, outcome);
  };
  let running: Promise<void>[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    running.push(runOne(batch));
    if (random.below(50) === 0 && kills < killsMax && threads.length > 0) {
      kills += 1;
      void random.of(threads).terminate();
    }
    if (running.length === 30) {
      await Promise.all(running);
      running = [];
    }
  }
  await Promise.all(running);
  expect(kills).toBe(killsMax);
  expect(outcomes.size).toBe(batches);
  const lost = [...outcomes].filter(([, outcome]) => outcome === 'lost').map(([batch]) => batch);
  expect(lost.length).toBeLessThanOrEqual(killsMax * batchesPerThread);
  for (const [batch, outcome] of outcomes) {
    expect([batch, runCounts[batch]! <= 1]).toEqual([batch, true]);
    if (outcome === 'kept') expect([batch, runCounts[batch]]).toEqual([batch, 1]);
  }
});

test('batches wait for the first thread', async () => {
  const queueArea = createQueueArea(1);
  const queues = new BatchQueues(queueArea, batchesPerThread);
  const running = [0, 1, 2].map((batch) => queues.run(batch + 1));
  const runs = new SharedArrayBuffer(16);
  const thread = startWorker('batch-server-worker.js', { queueArea, runs, resultEvery });
  try {
    queues.assign(thread.threadId);
    thread.postMessage('serve');
    await Promise.all(running);
    expect(Array.from(new Int32Array(runs))).toEqual([0, 1, 1, 1]);
    queues.callAway(thread.threadId);
    expect(await once(thread, 'message')).toEqual([{ threadId: thread.threadId, result: undefined }]);
  } finally {
    await thread.terminate();
  }
});

test('a thread that comes before the one whose place it takes is buried has a queue once there is one', async () => {
  const queues = new BatchQueues(createQueueArea(1), batchesPerThread);
  expect(queues.assign(1)).toBe(true);
  const lost = queues.run(0);
  expect(queues.assign(2)).toBe(false);
  // Who has a queue is not in the way of itself.
  expect(queues.assign(1)).toBe(true);
  queues.bury(1);
  await expect(lost).rejects.toThrow('died');
  expect(queues.assign(2)).toBe(true);
});

test('a batch that waits is not given to a thread that is being buried', async () => {
  const queueArea = createQueueArea(1);
  const queues = new BatchQueues(queueArea, batchesPerThread);
  const queue = new BatchQueue(new Memory(queueArea), 0);
  queues.assign(1);
  const [done, lost, waiting] = [5, 6, 7].map((slot) => queues.run(slot));
  // The first is done, and the thread dies before anybody has heard of it.
  queue.markDone();
  queues.bury(1);
  await expect(done).resolves.toBeUndefined();
  await expect(lost).rejects.toThrow('died');
  queues.assign(2);
  expect(queue.peek()).toBe(7);
  queue.markDone();
  await expect(waiting).resolves.toBeUndefined();
});

describe('a queue', () => {
  const queueOfItsOwn = (): BatchQueue => new BatchQueue(new Memory(createQueueArea(1)), 0);

  test('gives batches in order, however often its counts go round', () => {
    const queue = queueOfItsOwn();
    for (let batch = 0; batch < 5 * queuedBatchesMax; batch += 1) {
      queue.submit(batch);
      queue.submit(1_000 + batch);
      expect(queue.next()).toBe(batch);
      queue.markDone();
      expect(queue.next()).toBe(1_000 + batch);
      queue.markDone();
    }
    expect(queue.doneCount).toBe(10 * queuedBatchesMax);
  });

  test('refuses more than it holds', () => {
    const queue = queueOfItsOwn();
    for (let batch = 0; batch < queuedBatchesMax; batch += 1) queue.submit(batch);
    expect(() => {
      queue.submit(0);
    }).toThrow('full');
  });

  test('lets its thread go once for each time it is called away, and keeps what it has not run', () => {
    const queue = queueOfItsOwn();
    queue.submit(5);
    queue.callAway();
    expect(queue.next()).toBeUndefined();
    expect(queue.next()).toBe(5);
  });

  test('drops what is not done', () => {
    const queue = queueOfItsOwn();
    queue.submit(1);
    queue.submit(2);
    queue.next();
    queue.markDone();
    queue.drop();
    queue.submit(3);
    expect(queue.next()).toBe(3);
  });
});
