/** Entry point of a generator in a worker thread. `workerData` is its `GeneratorPlan`. */
import { parentPort, workerData } from 'node:worker_threads';
import { Generator } from './generator';
import type { GeneratorOutcome, Sample } from './generator';
import type { GeneratorPlan } from './load-plan';

export type FromThread =
  | { readonly kind: 'connected' }
  | { readonly kind: 'failed'; readonly code: string; readonly text: string }
  | { readonly kind: 'sample'; readonly sample: Sample }
  | { readonly kind: 'finished'; readonly outcome: GeneratorOutcome };

export type ToThread = { readonly kind: 'start' } | { readonly kind: 'stop' };

const port = parentPort;
if (port === null) throw new Error('generator-thread is the entry point of a worker thread, not a program');

function tell(message: FromThread, transferred: readonly ArrayBuffer[] = []): void {
  port!.postMessage(message, transferred);
}

const generator = new Generator(workerData as GeneratorPlan, (sample) => {
  tell({ kind: 'sample', sample }, [sample.latencies.counts.buffer, sample.latencies.maximaUs.buffer]);
});

async function runAndTell(): Promise<void> {
  tell({ kind: 'finished', outcome: await generator.run() });
  port!.close();
}

port.on('message', (message: ToThread) => {
  if (message.kind === 'start') void runAndTell();
  else generator.stop();
});

generator.connect().then(
  () => {
    tell({ kind: 'connected' });
  },
  (error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    tell({ kind: 'failed', code: code ?? 'FAILED', text: message });
    port.close();
  },
);
