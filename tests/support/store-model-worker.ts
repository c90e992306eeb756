/** Holds the store to its model in a thread of compiled code, which is ten times as fast as under jest's transforms. */
import { parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';
import type { StoreCapacity } from '../../shared/store/layout';
import { storeCommands } from './store-commands';
import { StoreModel } from './store-model';
import { StoreThreads } from './store-threads';

export interface ModelRequest {
  readonly capacity: StoreCapacity;
  readonly numRuns: number;
  /** Of one run. */
  readonly commandsMax: number;
}

export interface ModelAnswer {
  /** What the operations came to. */
  readonly outcomes: readonly string[];
  /** The shortest sequence found whose answers are not the model's, with its seed; undefined when there is none. */
  readonly failure: string | undefined;
}

const { capacity, numRuns, commandsMax } = workerData as ModelRequest;
const outcomes = new Set<string>();
const setup = () => ({ model: new StoreModel(capacity), real: new StoreThreads(capacity, outcomes) });
let failure: string | undefined;
try {
  fc.assert(
    fc.property(storeCommands(commandsMax), (commands) => {
      fc.modelRun(setup, commands);
    }),
    { numRuns },
  );
} catch (error) {
  failure = String(error);
}
parentPort!.postMessage({ outcomes: [...outcomes], failure } satisfies ModelAnswer);
