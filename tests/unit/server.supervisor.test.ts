// Goal: a thread's death is put right before anybody hears of it, and another thread takes its place while there is hope.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import pino from 'pino';
import { Supervisor, type ThreadSource } from '../../server/supervisor';

const idle = 'require("node:worker_threads").parentPort.on("message", () => undefined)';

/** A pool of real threads that run a script. */
class Scripts implements ThreadSource {
  readonly duty = 'run scripts';
  readonly living = new Set<Worker>();
  startedCount = 0;
  /** What the threads started from here on run. */
  script = idle;
  /** They have it as their `workerData`, and may wait for it. */
  readonly gate = new Int32Array(new SharedArrayBuffer(4));

  constructor(readonly threadCount: number) {
    this.refill();
  }

  get threads(): readonly Worker[] {
    return [...this.living];
  }

  openGate(): void {
    Atomics.store(this.gate, 0, 1);
    Atomics.notify(this.gate, 0);
  }

  refill(): void {
    while (this.living.size < this.threadCount) {
      const thread = new Worker(this.script, { eval: true, workerData: this.gate });
      this.living.add(thread);
      this.startedCount += 1;
      // Like the pool's own: they hear of it first.
      for (const event of ['error', 'exit']) thread.on(event, () => this.living.delete(thread));
    }
  }
}

interface Watched {
  readonly source: Scripts;
  readonly supervisor: Supervisor;
  readonly recovered: number[];
  readonly fatal: Promise<Error>;
  readonly nextLogged: () => Promise<Record<string, unknown>>;
  readonly end: () => Promise<void>;
}

function watch(threadCount: number): Watched {
  const source = new Scripts(threadCount);
  const recovered: number[] = [];
  const lines: Record<string, unknown>[] = [];
  let wake = (): void => undefined;
  const write = (line: string): void => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    wake();
  };
  const log = pino({ level: 'info' }, { write });
  let supervisor: Supervisor | undefined;
  const fatal = new Promise<Error>((resolve) => {
    const recover = (threadId: number): 'rolledBack' => {
      recovered.push(threadId);
      return 'rolledBack';
    };
    supervisor = new Supervisor(source, { log, recover, onFatal: resolve });
  });
  supervisor!.watch();
  const nextLogged = async (): Promise<Record<string, unknown>> => {
    while (lines.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return lines.shift()!;
  };
  const end = async (): Promise<void> => {
    supervisor!.end();
    await Promise.all(source.threads.map((thread) => thread.terminate()));
  };
  return { source, supervisor: supervisor!, recovered, fatal, nextLogged, end };
}

test('a terminated thread is recovered by the id that it had, and replaced', async () => {
  const { source, recovered, nextLogged, end } = watch(2);
  const [victim] = source.threads;
  const { threadId } = victim!;
  await victim!.terminate();
  expect(await nextLogged()).toMatchObject({
    msg: 'a thread died',
    duty: 'run scripts',
    threadId,
    store: 'its last change was taken back',
    unknownOutcomes: 0,
    repeatedRequests: 0,
  });
  expect(recovered).toEqual([threadId]);
  expect(source.threads).toHaveLength(2);
  expect(source.startedCount).toBe(3);
  await end();
});

test('a thread that fails is recovered once it has exited; who waits for its burial waits until then', async () => {
  const { source, supervisor, recovered, nextLogged, end } = watch(1);
  const [victim] = source.threads;
  const { threadId } = victim!;
  // Its error is told after its 'exit' listeners have run: the call of `process.exit` is all that still comes.
  source.script = `const { workerData: gate } = require("node:worker_threads");
    const { exit } = process;
    process.exit = () => { Atomics.wait(gate, 0, 0, 20_000); exit(); };
    throw new Error("a flaw")`;
  await victim!.terminate();
  await nextLogged();
  source.script = idle;
  const [failing] = source.threads;
  const failingId = failing!.threadId;
  await once(failing!, 'error').catch(() => undefined);
  // Its place is taken already, while it still runs.
  expect(source.threads).not.toContain(failing);
  expect(recovered).toEqual([threadId]);
  const buried = supervisor.whenBuried();
  source.openGate();
  await buried;
  expect(recovered).toEqual([threadId, failingId]);
  expect(await nextLogged()).toMatchObject({ threadId: failingId, err: { message: 'a flaw' } });
  await supervisor.whenBuried();
  await end();
});

test('what a thread says before it ends, and the requests lost with it, stand in the log', async () => {
  const { source, supervisor, nextLogged, end } = watch(1);
  source.script = `require("node:worker_threads").parentPort.postMessage(
    { kind: "threadFailure", error: new Error("a task failed") }); process.exit(7)`;
  await source.threads[0]!.terminate();
  await nextLogged();
  source.script = idle;
  await once(source.threads[0]!, 'exit');
  supervisor.noteLoss({ unknown: 2, repeated: 5 });
  supervisor.noteLoss({ unknown: 1, repeated: 0 });
  expect(await nextLogged()).toMatchObject({
    exitCode: 7,
    err: { message: 'a task failed' },
    unknownOutcomes: 3,
    repeatedRequests: 5,
  });
  await end();
});

test('threads that die as fast as they start are given up, with the reason', async () => {
  const { source, fatal } = watch(2);
  source.script = 'throw new Error("nothing works")';
  for (const thread of source.threads) void thread.terminate();
  expect((await fatal).message).toBe(
    'the threads that run scripts die as fast as they start: 20 within 10 s, and none carried anything out. ' +
      'The last one: nothing works',
  );
  const { startedCount } = source;
  await Promise.all(source.threads.map((thread) => once(thread, 'exit').catch(() => undefined)));
  expect(source.startedCount).toBe(startedCount);
});

test('many threads that start slowly are given up too: the more there are, the longer they may take to die', async () => {
  let nowMs = 0;
  // As on a machine with few processors.
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => (nowMs += 490));
  const { source, fatal, end } = watch(11);
  try {
    for (let death = 0; death < 22; death += 1) await source.threads[0]!.terminate();
    const outcome = await Promise.race([fatal, Promise.resolve(new Error('going on'))]);
    expect(outcome.message).toMatch('22 within 11 s, and none carried anything out.');
  } finally {
    clock.mockRestore();
    await end();
  }
});

test('a wall clock that is set meanwhile does not keep them alive', async () => {
  let wallMs = Date.now();
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => (wallMs += 60_000));
  const { source, fatal, end } = watch(1);
  try {
    for (let death = 0; death < 20; death += 1) await source.threads[0]!.terminate();
    expect(await Promise.race([fatal, Promise.resolve('going on')])).toHaveProperty('message');
  } finally {
    clock.mockRestore();
    await end();
  }
});

test('as long as tasks are carried out in between, threads may die for ever', async () => {
  const { source, supervisor, fatal, end } = watch(1);
  for (let death = 0; death < 45; death += 1) {
    await source.threads[0]!.terminate();
    if (death % 10 === 0) supervisor.noteProgress();
  }
  expect(await Promise.race([fatal, Promise.resolve('going on')])).toBe('going on');
  expect(source.threads).toHaveLength(1);
  await end();
});
