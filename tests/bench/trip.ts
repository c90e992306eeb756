/**
 * What a trip to a thread and back costs, by Piscina's messages and by the queues of `shared/batch/batch-queue.ts`
 * (docs/adr/0013). One batch at a time: both sides sleep in between.
 * Run alone: `npm run --silent build && node dist/tests/bench/trip.js`. Takes about 20 s.
 */
import path from 'node:path';
import Piscina from 'piscina';
import { BatchQueues } from '../../server/batch-queues';
import { createQueueArea } from '../../shared/batch/batch-queue';
import { describeMachine } from './machine';
import { markdownTable } from './markdown-table';
import { median } from './statistics';

const roundCount = 5;
const warmupTrips = 3_000;
const tripsPerRound = 20_000;

interface Way {
  readonly name: string;
  readonly trip: () => Promise<unknown>;
}

interface Cost {
  readonly tookUs: number;
  readonly cpuUs: number;
}

async function measure({ trip }: Way): Promise<Cost> {
  for (let count = 0; count < warmupTrips; count += 1) await trip();
  const startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  for (let count = 0; count < tripsPerRound; count += 1) await trip();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    tookUs: ((performance.now() - startedMs) * 1_000) / tripsPerRound,
    cpuUs: (user + system) / tripsPerRound,
  };
}

async function main(): Promise<void> {
  const area = createQueueArea(1);
  const piscina = new Piscina({
    filename: path.join(__dirname, 'trip-worker.js'),
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Infinity,
    recordTiming: false,
    atomics: 'sync',
    workerData: area,
  });
  const queues = new BatchQueues(area, 1);
  const { threadId } = piscina.threads[0]!;
  queues.assign(threadId);
  const costs = new Map<string, Cost[]>();
  for (let round = 0; round < roundCount; round += 1) {
    await note(costs, { name: 'Piscina, one task a batch', trip: () => piscina.run(undefined) });
    const served = piscina.run(undefined, { name: 'serve' });
    await note(costs, { name: 'a queue in shared memory', trip: () => queues.run(0) });
    queues.callAway(threadId);
    await served;
  }
  await piscina.destroy();
  const rows = [...costs].map(([name, found]) => [
    name,
    ...[(cost: Cost) => cost.tookUs, (cost: Cost) => cost.cpuUs].map((of) =>
      median(found.map(of)).toFixed(0),
    ),
  ]);
  const { processors, system, node, takenAt } = describeMachine();
  process.stdout.write(
    `${processors}, ${system}, ${node}, ${takenAt}\n\n` +
      `${markdownTable(['a trip', 'takes µs', 'CPU µs, both threads'], rows)}\n`,
  );
}

async function note(costs: Map<string, Cost[]>, way: Way): Promise<void> {
  const found = costs.get(way.name) ?? [];
  found.push(await measure(way));
  costs.set(way.name, found);
}

void main();
