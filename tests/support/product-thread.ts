/** A thread of the product, run by itself. What it says is kept until it is asked for, also what comes with its end. */
import { on } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

const workers = path.resolve(__dirname, '..', '..', 'dist', 'workers');

export class ProductThread<Message extends { readonly kind: string }> {
  private readonly worker: Worker;
  private readonly said: AsyncIterator<Message[]>;

  /** @param entryPoint a compiled file of `workers/`. */
  constructor(entryPoint: string, workerData: unknown) {
    this.worker = new Worker(path.join(workers, entryPoint), { workerData });
    this.said = on(this.worker, 'message', { close: ['exit'] });
  }

  tell(request: unknown): void {
    this.worker.postMessage(request);
  }

  /** The next message of a kind; those before it are let go of. */
  async heard<Kind extends Message['kind']>(kind: Kind): Promise<Message & { kind: Kind }> {
    for (;;) {
      const next = await this.said.next();
      if (next.done === true) throw new Error(`the thread ended before it said ${kind}`);
      const message = next.value[0]!;
      if (message.kind === kind) return message as Message & { kind: Kind };
      if (message.kind === 'failed') throw new Error(`the thread failed: ${JSON.stringify(message)}`);
    }
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }
}
