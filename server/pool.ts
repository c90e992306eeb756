/**
 * The two pools of worker threads. The only file that knows Piscina.
 */
import path from 'node:path';
import Piscina from 'piscina';
import type {
  AccountResult,
  BatchResult,
  ChatTask,
  FinishedCommand,
  HashedAccount,
  HashJob,
  HashOutcome,
  ListedUser,
  Deferral,
  WorkerSettings,
} from '../shared/batch/tasks';
import { workersFolder } from './workers-folder';

/** Batches that may wait at one worker behind the one it runs, so that it never waits for the main thread. */
const batchesPerWorker = 2;

/** The threads that run commands. */
export class ChatPool {
  private readonly pool: Piscina<ChatTask>;

  constructor(
    readonly threads: number,
    settings: WorkerSettings,
    onError: (error: Error) => void,
  ) {
    this.pool = createPool('chat-worker.js', threads, batchesPerWorker, settings, onError);
  }

  /** Batches that may be under way at once, and the one that is being filled. */
  static batchSlots(threads: number): number {
    return threads * batchesPerWorker + 1;
  }

  runBatch(slot: number): Promise<BatchResult> {
    return this.pool.run(slot) as Promise<BatchResult>;
  }

  finish(deferral: Deferral, outcome: HashOutcome): Promise<FinishedCommand> {
    return this.pool.run({ kind: 'finish', deferral, outcome }) as Promise<FinishedCommand>;
  }

  hasUser(username: string): Promise<boolean> {
    return this.pool.run({ kind: 'hasUser', username }) as Promise<boolean>;
  }

  passwordHash(username: string): Promise<string | undefined> {
    return this.pool.run({ kind: 'passwordHash', username }) as Promise<string | undefined>;
  }

  createUser(account: HashedAccount): Promise<AccountResult> {
    return this.pool.run({ kind: 'createUser', account }) as Promise<AccountResult>;
  }

  removeUser(username: string): Promise<AccountResult> {
    return this.pool.run({ kind: 'removeUser', username }) as Promise<AccountResult>;
  }

  setPassword(username: string, passwordHash: string): Promise<AccountResult> {
    return this.pool.run({ kind: 'setPassword', username, passwordHash }) as Promise<AccountResult>;
  }

  listUsers(): Promise<ListedUser[]> {
    return this.pool.run({ kind: 'listUsers' }) as Promise<ListedUser[]>;
  }

  async removeExpiredSessions(): Promise<void> {
    await this.pool.run({ kind: 'removeExpiredSessions' });
  }

  async touchUsers(users: readonly number[]): Promise<void> {
    await this.pool.run({ kind: 'touchUsers', users });
  }

  /** Ends the threads. Call when nothing is under way: running tasks are cut off. */
  destroy(): Promise<void> {
    return this.pool.destroy();
  }
}

/** The threads that hash passwords, a lane of their own: they never delay a quick command. */
export class HashPool {
  private readonly pool: Piscina<HashJob, HashOutcome>;

  constructor(
    readonly threads: number,
    onError: (error: Error) => void,
  ) {
    this.pool = createPool('hash-worker.js', threads, 1, undefined, onError);
  }

  run(job: HashJob): Promise<HashOutcome> {
    return this.pool.run(job);
  }

  /** Ends the threads; jobs under way are cut off. */
  destroy(): Promise<void> {
    return this.pool.destroy();
  }
}

function createPool<Task, Result>(
  entryPoint: string,
  threads: number,
  concurrentTasksPerWorker: number,
  workerData: WorkerSettings | undefined,
  onError: (error: Error) => void,
): Piscina<Task, Result> {
  const pool = new Piscina<Task, Result>({
    filename: path.join(workersFolder, entryPoint),
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Infinity,
    concurrentTasksPerWorker,
    recordTiming: false,
    // Workers sleep in Atomics.wait for the next task: the quickest hand-over there is.
    atomics: 'sync',
    workerData,
  });
  // Unheard, a pool's 'error' would end the process without a word.
  pool.on('error', onError);
  return pool;
}
