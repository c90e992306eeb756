/**
 * The two pools of worker threads. The only file that knows Piscina.
 */
import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import Piscina from 'piscina';
import { createQueueArea } from '../shared/batch/batch-queue';
import type {
  AccountResult,
  Audience,
  BatchResult,
  CatchUpTask,
  CaughtUp,
  ChatTask,
  FinishedCommand,
  HashDeferral,
  HashedAccount,
  HashJob,
  HashOutcome,
  ListedUser,
  ServedBatches,
  WorkerSettings,
} from '../shared/batch/tasks';
import { Memory } from '../shared/store/memory';
import { readLayout } from '../shared/store/layout';
import { recoverThread } from '../shared/store/recovery';
import { spareThreadSlots } from '../shared/store/server-capacity';
import { BatchQueues } from './batch-queues';
import type { LostRequests } from './dispatcher';
import { Supervisor, type SupervisorHost, type ThreadSource } from './supervisor';
import type { TokenWords } from '../shared/protocol/token';
import { Turns } from './turns';
import { workersFolder } from './workers-folder';

/** Batches that one worker has: the one it runs, and another behind it, so that it never waits for the main thread. */
const batchesPerWorker = 2;

/** The task in which a worker runs batches, and the name of what carries it out. */
const serveName = 'serve';

/** Tasks besides that one that a worker has at a time, in turn with it. */
const otherTasksPerWorker = 3;

/** Another thread may have been dying too when a job was given to it; a job that kills every thread is let go of. */
const hashAttemptsMax = 3;

/** What a pool needs of the server around it. */
export type PoolHost = Omit<SupervisorHost, 'recover'>;

/**
 * The threads that run commands. Each has one task that does not end, to run the batches of its queue; for any other task
 * it is called away from there.
 */
export class ChatPool {
  private readonly pool: WatchedPool<ChatTask, unknown>;
  private readonly queues: BatchQueues;
  /** The threads that run batches, or are about to. */
  private readonly serving = new Set<number>();
  private readonly turns: Turns;

  constructor(
    readonly threads: number,
    settings: Omit<WorkerSettings, 'queueArea'>,
    host: PoolHost,
  ) {
    const queueArea = createQueueArea(threads + spareThreadSlots);
    const memory = new Memory(settings.store);
    const layout = readLayout(memory.words);
    this.queues = new BatchQueues(queueArea, batchesPerWorker);
    this.turns = new Turns(threads * otherTasksPerWorker);
    this.pool = new WatchedPool(
      {
        duty: 'run commands',
        entryPoint: 'chat-worker.js',
        threads,
        balance: this.balance,
        settings: { ...settings, queueArea },
      },
      {
        ...host,
        recover: (threadId) => {
          const recovery = recoverThread(memory, layout, threadId);
          this.serving.delete(threadId);
          this.queues.bury(threadId);
          return recovery;
        },
      },
    );
    for (let thread = 0; thread < threads; thread += 1) void this.serve();
  }

  /** Batches that may be under way at once, and the one that is being filled. */
  static batchSlots(threads: number): number {
    return threads * batchesPerWorker + 1;
  }

  /** Resolves to the batch's result. Rejects when the thread that had it is dead and writes no more. */
  async runBatch(slot: number): Promise<BatchResult> {
    const result = await this.queues.run(slot);
    this.pool.noteProgress();
    return result;
  }

  async finish(deferral: HashDeferral, outcome: HashOutcome): Promise<FinishedCommand> {
    try {
      return (await this.runOther({ kind: 'finish', deferral, outcome })) as FinishedCommand;
    } catch (error) {
      this.noteLoss({ unknown: 1, repeated: 0 });
      throw error;
    }
  }

  /** Requests were lost with the thread that died last. */
  noteLoss(lost: LostRequests): void {
    this.pool.noteLoss(lost);
  }

  hasUser(username: string): Promise<boolean> {
    return this.runOther({ kind: 'hasUser', username }) as Promise<boolean>;
  }

  passwordHash(username: string): Promise<string | undefined> {
    return this.runOther({ kind: 'passwordHash', username }) as Promise<string | undefined>;
  }

  createUser(account: HashedAccount): Promise<AccountResult> {
    return this.runOther({ kind: 'createUser', account }) as Promise<AccountResult>;
  }

  removeUser(username: string): Promise<AccountResult> {
    return this.runOther({ kind: 'removeUser', username }) as Promise<AccountResult>;
  }

  setPassword(username: string, passwordHash: string): Promise<AccountResult> {
    return this.runOther({ kind: 'setPassword', username, passwordHash }) as Promise<AccountResult>;
  }

  listUsers(): Promise<ListedUser[]> {
    return this.runOther({ kind: 'listUsers' }) as Promise<ListedUser[]>;
  }

  /** Undefined when the session has ended. */
  catchUp(task: CatchUpTask): Promise<CaughtUp | undefined> {
    return this.runOther({ kind: 'catchUp', ...task }) as Promise<CaughtUp | undefined>;
  }

  /** Which of the candidates would hear of each of the users. */
  audiencesOf(users: readonly number[], candidates: readonly number[]): Promise<readonly Audience[]> {
    return this.runOther({ kind: 'audiencesOf', users, candidates }) as Promise<readonly Audience[]>;
  }

  areValid(tokens: readonly TokenWords[]): Promise<readonly boolean[]> {
    return this.runOther({ kind: 'areValid', tokens }) as Promise<readonly boolean[]>;
  }

  async removeExpiredSessions(): Promise<void> {
    await this.runOther({ kind: 'removeExpiredSessions' });
  }

  async touchUsers(users: readonly number[]): Promise<void> {
    await this.runOther({ kind: 'touchUsers', users });
  }

  /** Ends the threads. Call when nothing is under way: running tasks are cut off. */
  destroy(): Promise<void> {
    return this.pool.destroy();
  }

  /**
   * However many there are, they take turns with batches: what waits does so here, in front of Piscina, so that a thread
   * that has left its batches for one of them is given those again before the next.
   */
  private runOther(task: ChatTask): Promise<unknown> {
    return this.turns.take(() => {
      // It would have Piscina start a thread.
      if (this.pool.hasEnded) throw new Error('the threads were ended before it began');
      return this.pool.run(task);
    });
  }

  /** Keeps one thread, whichever has none of this yet, running batches. */
  private async serve(): Promise<void> {
    while (!this.pool.hasEnded) {
      // When its thread has died, that one is buried by now, and another is to go on.
      const task = this.pool.run({ kind: serveName }, serveName).catch(() => undefined);
      const served = (await task) as ServedBatches | undefined;
      if (served === undefined) continue;
      this.serving.delete(served.threadId);
      this.queues.noteLeft(served.threadId, served.result);
    }
  }

  /** The thread that is to run batches, or, for any other task, the one that has the fewest. */
  private readonly balance: Balance = ({ name }, workers) => {
    const { serving, queues } = this;
    if (name === serveName) {
      // One that has taken the place of a dying thread finds no queue when that one, and all spare ones, are not given up.
      const server = workers.find(({ id }) => !serving.has(id) && queues.assign(id));
      if (server === undefined) return null;
      serving.add(server.id);
      return server;
    }
    const free = workers.filter(({ currentUsage }) => currentUsage <= otherTasksPerWorker);
    const [least] = free.sort((left, right) => queues.tripsOf(left.id) - queues.tripsOf(right.id));
    if (least === undefined) return null;
    if (serving.has(least.id)) queues.callAway(least.id);
    return least;
  };
}

/** The threads that hash passwords, a lane of their own: they never delay a quick command. */
export class HashPool {
  private readonly pool: WatchedPool<HashJob, HashOutcome>;

  constructor(
    readonly threads: number,
    host: PoolHost,
  ) {
    this.pool = new WatchedPool(
      {
        duty: 'hash passwords',
        entryPoint: 'hash-worker.js',
        threads,
        balance: (_task, workers) => workers.find(({ currentUsage }) => currentUsage === 0) ?? null,
        settings: undefined,
      },
      { ...host, recover: () => undefined },
    );
  }

  /** A job changes nothing: when its thread dies, it is done again. */
  async run(job: HashJob): Promise<HashOutcome> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.pool.run(job);
      } catch (error) {
        if (attempt === hashAttemptsMax || this.pool.hasEnded) throw error;
      }
    }
  }

  /** Ends the threads; jobs under way are cut off. */
  destroy(): Promise<void> {
    return this.pool.destroy();
  }
}

type PiscinaOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;
type Balance = NonNullable<PiscinaOptions['loadBalancer']>;

interface PoolShape {
  /** What its threads do, for the log. */
  readonly duty: string;
  readonly entryPoint: string;
  readonly threads: number;
  /** Which thread is to have a task; null when it has to wait. */
  readonly balance: Balance;
  readonly settings: WorkerSettings | undefined;
}

/** A pool whose threads may die: see `supervisor.ts`. */
class WatchedPool<Task, Result> implements ThreadSource {
  hasEnded = false;
  private readonly piscina: Piscina<Task | undefined, Result>;
  private readonly supervisor: Supervisor;

  constructor(
    private readonly shape: PoolShape,
    host: SupervisorHost,
  ) {
    this.piscina = createPiscina(shape);
    // Unheard, it would end the process. What it says of a thread, the thread itself has said before.
    this.piscina.on('error', (error) => {
      host.log.debug({ err: error }, 'the pool heard of a failed thread');
    });
    this.supervisor = new Supervisor(this, host);
    this.supervisor.watch();
  }

  get duty(): string {
    return this.shape.duty;
  }

  get threadCount(): number {
    return this.shape.threads;
  }

  get threads(): readonly Worker[] {
    return this.piscina.threads;
  }

  /**
   * Piscina replaces a thread that dies, until one has died before it was ready; from then on it starts one only for a
   * task that no other thread has room for.
   */
  refill(): void {
    while (this.piscina.threads.length < this.shape.threads)
      this.piscina.run(undefined).catch(() => undefined);
  }

  /**
   * Rejects when the task's thread has died and writes no more.
   * @param name of what the entry point exports to carry it out.
   */
  async run(task: Task, name = 'default'): Promise<Result> {
    const { supervisor } = this;
    const { buriedCount } = supervisor;
    try {
      const result = await this.piscina.run(task, { name });
      supervisor.noteProgress();
      return result;
    } catch (error) {
      await supervisor.whenBuried();
      if (supervisor.buriedCount === buriedCount) throw error;
      throw new Error('the thread died that ran it: it may or may not have happened', { cause: error });
    }
  }

  noteLoss(lost: LostRequests): void {
    this.supervisor.noteLoss(lost);
  }

  noteProgress(): void {
    this.supervisor.noteProgress();
  }

  async destroy(): Promise<void> {
    this.hasEnded = true;
    this.supervisor.end();
    await this.piscina.destroy();
  }
}

function createPiscina<Task, Result>(shape: PoolShape): Piscina<Task, Result> {
  return new Piscina<Task, Result>({
    filename: path.join(workersFolder, shape.entryPoint),
    minThreads: shape.threads,
    maxThreads: shape.threads,
    idleTimeout: Infinity,
    recordTiming: false,
    // Workers sleep in Atomics.wait for the next task: the quickest hand-over that Piscina has.
    atomics: 'sync',
    // Otherwise what finds no thread goes to the end of Piscina's queue, and may do so for ever.
    stricterFIFO: true,
    loadBalancer: shape.balance,
    workerData: shape.settings,
  });
}
