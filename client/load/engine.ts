/**
 * Runs a load plan: generators in this thread or in threads of their own, their samples put together.
 * This is the interface for programs (the benchmark); `main.ts` is the one for people.
 */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { Generator } from './generator';
import type { EndReason, GeneratorOutcome, Sample } from './generator';
import type { FromThread, ToThread } from './generator-thread';
import { splitPlan } from './load-plan';
import type { GeneratorPlan, LoadPlan } from './load-plan';
import { reachableAddress } from './reachable-address';
import { SampleMerger } from './sample-merger';
import type { LoadMeasurements, SeriesPoint } from './sample-merger';

export interface LoadOutcome extends LoadMeasurements {
  readonly reason: EndReason;
  readonly unansweredCount: number;
  readonly unsentCount: number;
  readonly connectionsLostCount: number;
}

export interface LoadObserver {
  /** The warm-up is over: what is answered from here on counts. */
  readonly onMeasure?: () => void;
  /** Called a few times a second with each finished point of the time series. */
  readonly onPoint?: (point: SeriesPoint) => void;
}

/** A generator, wherever it runs. */
interface RunningGenerator {
  connect(): Promise<void>;
  run(): Promise<GeneratorOutcome>;
  stop(): void;
}

/**
 * @param signal ends the run early; the outcome then holds what was measured until there.
 * @throws an error with a system `code` (`ECONNREFUSED`, `ENOTFOUND`, …) where the connections cannot be opened.
 */
export async function runLoad(
  plan: LoadPlan,
  observer: LoadObserver = {},
  signal?: AbortSignal,
): Promise<LoadOutcome> {
  const host = await reachableAddress(plan.host, plan.port);
  const parts = splitPlan({ ...plan, host });
  const merger = new SampleMerger(parts.length, observer.onPoint);
  const emit = (sample: Sample): void => {
    merger.add(sample);
  };
  const generators = parts.map((part) =>
    parts.length === 1 ? new Generator(part, emit) : new GeneratorInThread(part, emit),
  );
  const stopAll = (): void => {
    for (const generator of generators) generator.stop();
  };
  let warmupTimer: NodeJS.Timeout | undefined;
  try {
    await Promise.all(generators.map((generator) => generator.connect()));
    warmupTimer = setTimeout(() => observer.onMeasure?.(), plan.warmupMs);
    const running = generators.map((generator) => generator.run());
    signal?.addEventListener('abort', stopAll);
    if (signal?.aborted === true) stopAll();
    return { ...combine(await Promise.all(running)), ...merger.finish() };
  } finally {
    clearTimeout(warmupTimer);
    signal?.removeEventListener('abort', stopAll);
    for (const generator of generators) if (generator instanceof GeneratorInThread) generator.terminate();
  }
}

function combine(outcomes: readonly GeneratorOutcome[]): Omit<LoadOutcome, keyof LoadMeasurements> {
  const sum = (pick: (outcome: GeneratorOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  return {
    reason: endReasonOf(outcomes.map(({ reason }) => reason)),
    unansweredCount: sum((outcome) => outcome.unansweredCount),
    unsentCount: sum((outcome) => outcome.unsentCount),
    connectionsLostCount: sum((outcome) => outcome.connectionsLostCount),
  };
}

/** A generator without connections ends, and the others go on: only with the last of them is the run over. */
function endReasonOf(reasons: readonly EndReason[]): EndReason {
  if (reasons.every((reason) => reason === 'connections lost')) return 'connections lost';
  return reasons.find((reason) => reason === 'stopped' || reason === 'no replies') ?? 'complete';
}

class GeneratorInThread implements RunningGenerator {
  private readonly worker: Worker;
  private readonly connected: Promise<void>;
  private readonly finished: Promise<GeneratorOutcome>;

  constructor(plan: GeneratorPlan, emit: (sample: Sample) => void) {
    this.worker = new Worker(path.join(__dirname, 'generator-thread.js'), { workerData: plan });
    let onConnected: () => void;
    let onFinished: (outcome: GeneratorOutcome) => void;
    let onFailed: (error: Error) => void;
    this.connected = new Promise((resolve, reject) => {
      onConnected = resolve;
      onFailed = reject;
    });
    this.finished = new Promise((resolve, reject) => {
      onFinished = resolve;
      this.worker.once('error', (error) => {
        reject(error);
        onFailed(error);
      });
      this.worker.once('exit', () => {
        const error = new Error('a generator thread ended before its run did');
        reject(error);
        onFailed(error);
      });
    });
    // Whoever awaits the run sees the failure; before that, a failure to connect is reported by `connect`.
    this.finished.catch(() => undefined);
    this.worker.on('message', (message: FromThread) => {
      if (message.kind === 'connected') onConnected();
      else if (message.kind === 'sample') emit(message.sample);
      else if (message.kind === 'finished') onFinished(message.outcome);
      else onFailed(Object.assign(new Error(message.text), { code: message.code }));
    });
  }

  connect(): Promise<void> {
    return this.connected;
  }

  run(): Promise<GeneratorOutcome> {
    this.tell({ kind: 'start' });
    return this.finished;
  }

  stop(): void {
    this.tell({ kind: 'stop' });
  }

  terminate(): void {
    void this.worker.terminate();
  }

  private tell(message: ToThread): void {
    this.worker.postMessage(message);
  }
}
