/** Explores interleavings in a thread of compiled code, which is ten times as fast as under jest's transforms. */
import { parentPort, workerData } from 'node:worker_threads';
import { exploreInterleavings, type InterleavingBounds } from './lock-interleavings';
import { type LockFlaw, LockScenario, type LockShape } from './lock-scenarios';

export interface InterleavingRequest extends InterleavingBounds {
  readonly shape: LockShape;
  readonly flaw: LockFlaw;
}

// Every simulated step ends by an error, and nobody asks where it came from.
Error.stackTraceLimit = 0;

const request = workerData as InterleavingRequest;
const scenario = new LockScenario(request.shape, request.threads, request.flaw);
parentPort!.postMessage(exploreInterleavings(scenario, request));
