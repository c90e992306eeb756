/** An operation to be interrupted, with the store that it is run on. */
import type { StoreCapacity } from '../../shared/store/layout';
import type { Store } from '../../shared/store/store';

export interface CrashScenario {
  readonly name: string;
  readonly capacity?: Partial<StoreCapacity>;
  /** Brings the store into the state before the operation. Stocks of blocks are left in the first thread slot. */
  readonly prepare: (store: Store, buffer: SharedArrayBuffer) => void;
  /** The dying thread gets the first thread slot with its stock of blocks, or an empty one. */
  readonly stock: 'warm' | 'empty';
  readonly operation: (store: Store) => unknown;
  /** What the operation returns when nothing interrupts it. */
  readonly outcome: unknown;
}

type Row = readonly [name: string, prepare: CrashScenario['prepare'], operation: CrashScenario['operation']];
type Options = { outcome?: unknown; stock?: 'warm' | 'empty'; capacity?: Partial<StoreCapacity> };

export function scenario(...[name, prepare, operation, options = {}]: [...Row, Options?]): CrashScenario {
  return { name, prepare, operation, outcome: 'OK', stock: 'warm', ...options };
}
