// Goal: of all that the pools are asked at a time, each has its turn: batches beside other tasks, and every hash.
import path from 'node:path';
import pino from 'pino';
import type * as Pools from '../../server/pool';
import { createBatchArea, openBatchSlots } from '../../shared/batch/batch-area';
import { capacityFor } from '../../shared/store/capacity';
import { createStore } from '../../shared/store/store';
import { compiledFolder } from '../support/compiled-folder';

const host = {
  log: pino({ level: 'silent' }),
  onFatal: (error: Error): never => {
    throw error;
  },
};

// Compiled, as its threads are.
const pools = jest.requireActual<typeof Pools>(path.join(compiledFolder, 'server', 'pool.js'));
let pool: Pools.ChatPool | Pools.HashPool | undefined;

afterEach(() => pool?.destroy());

test.each([
  [1, 3],
  [1, 4],
  [1, 1_000],
  [2, 50],
])('%d threads run batches while they always have %d other tasks', async (threads, others) => {
  const batchArea = createBatchArea(pools.ChatPool.batchSlots(threads));
  const chatPool = new pools.ChatPool(
    threads,
    {
      store: createStore(capacityFor(32, threads + 2, 100)),
      batchArea,
      lineBytesMax: 4_096,
      openRegistration: false,
      keepsHistory: false,
      sessionLifetime: { ageSecondsMax: 1_000, idleSecondsMax: 1_000 },
    },
    host,
  );
  pool = chatPool;
  const [slot] = openBatchSlots(batchArea);
  const line = Buffer.from('ping\n');
  let isOver = false;
  let asked = 0;
  const ask = async (): Promise<void> => {
    while (!isOver) {
      await chatPool.hasUser('nobody');
      asked += 1;
    }
  };
  const asking = Array.from({ length: others }, ask);
  for (let batch = 0; batch < 100; batch += 1) {
    slot!.clear();
    slot!.add(line, line.length);
    expect(await chatPool.runBatch(slot!.index)).toBeUndefined();
    expect(slot!.copyReplies(0)).toContain('"OK"');
  }
  isOver = true;
  await Promise.all(asking);
  // Nor did they wait for the batches.
  expect(asked).toBeGreaterThanOrEqual(100);
});

test('passwords are hashed in the order in which they came', async () => {
  const hashPool = new pools.HashPool(1, host);
  pool = hashPool;
  const done: number[] = [];
  const hash = async (job: number): Promise<void> => {
    await hashPool.run({ kind: 'hash', password: 'rahasia' });
    done.push(job);
  };
  const jobs = Array.from({ length: 12 }, (_, job) => job);
  await Promise.all(jobs.map(hash));
  expect(done).toEqual(jobs);
});
