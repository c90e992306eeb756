/**
 * Watches the threads of a pool. A thread may die between any two steps, and its 'exit' is the only sign that it writes
 * no more. Then it is buried: what it had begun and not committed is taken back, its locks are freed, and the pool gets
 * another thread.
 *
 * Invariant: nobody is told what became of a dead thread's task, and no memory that the thread had is used again, before
 * it is buried (`whenBuried`). The pool may say that a task has failed while its thread still runs.
 */
import type { Worker } from 'node:worker_threads';
import type { ThreadFailure } from '../shared/batch/tasks';
import type { Recovery } from '../shared/store/recovery';
import type { LostRequests } from './dispatcher';
import type { Logger } from './logger';
import { exitCode, StartError } from './start-error';

/**
 * So many deaths, or two of each thread, two a second or more, and not one task carried out in between: threads cannot live.
 * A rate, because many threads that start together on a few processors die no faster than a few.
 */
const fruitlessDeathsMin = 20;
const fruitlessMsPerDeath = 500;

/** A pool, seen as the threads that it has. */
export interface ThreadSource {
  /** What its threads do, for the log. */
  readonly duty: string;
  readonly threadCount: number;
  /** Those that live, those that are starting, and none that has exited. */
  readonly threads: readonly Worker[];
  /** Starts the threads that are missing. */
  refill(): void;
}

export interface SupervisorHost {
  readonly log: Logger;
  /** Puts right what a thread has left in shared memory; undefined when it had not got as far as using it. */
  readonly recover: (threadId: number) => Recovery | undefined;
  /** The pool's threads die as fast as they start. */
  readonly onFatal: (error: Error) => void;
}

interface Death {
  readonly threadId: number;
  readonly exitCode: number;
  /** What the thread said before, if it could. */
  readonly reason: unknown;
}

const recoveryTexts: Readonly<Record<Recovery, string>> = {
  nothing: 'it was changing nothing',
  kept: 'its last change was committed, and stands',
  rolledBack: 'its last change was taken back',
};

export class Supervisor {
  /** Threads that have died, ever. */
  buriedCount = 0;
  private readonly watched = new Set<Worker>();
  /** Threads that are known to be ending, and have not exited. */
  private readonly ending = new Set<Worker>();
  private burialListeners: (() => void)[] = [];
  /** When threads died since the last task that was carried out. */
  private fruitlessDeathsMs: number[] = [];
  /** The requests lost with the thread buried last, until the log says it. */
  private lost = { unknown: 0, repeated: 0 };
  private hasEnded = false;

  constructor(
    private readonly source: ThreadSource,
    private readonly host: SupervisorHost,
  ) {}

  /** Takes note of the threads that are new. To be called whenever there may be some: only a living thread has an id. */
  watch(): void {
    for (const thread of this.source.threads) if (!this.watched.has(thread)) this.watchThread(thread);
  }

  /** A task was carried out. */
  noteProgress(): void {
    if (this.fruitlessDeathsMs.length > 0) this.fruitlessDeathsMs = [];
  }

  /** Requests were lost with the thread buried last. */
  noteLoss({ unknown, repeated }: LostRequests): void {
    this.lost.unknown += unknown;
    this.lost.repeated += repeated;
  }

  /** Resolves when every thread that is known to be ending has exited and is recovered. */
  async whenBuried(): Promise<void> {
    if (this.ending.size === 0) return;
    await new Promise<void>((resolve) => {
      this.burialListeners.push(resolve);
    });
  }

  /** From here on threads are meant to end. */
  end(): void {
    this.hasEnded = true;
  }

  private watchThread(thread: Worker): void {
    const { threadId } = thread;
    let reason: unknown;
    this.watched.add(thread);
    thread.on('message', (message: Partial<ThreadFailure>) => {
      if (message.kind === 'threadFailure') reason = message.error;
    });
    thread.once('error', (error) => {
      reason = error;
      this.ending.add(thread);
      this.replace();
    });
    thread.once('exit', (code) => {
      this.watched.delete(thread);
      this.ending.delete(thread);
      if (!this.hasEnded) this.bury({ threadId, exitCode: code, reason });
      if (this.ending.size === 0) for (const listener of this.burialListeners.splice(0)) listener();
    });
  }

  private bury(death: Death): void {
    const recovery = this.host.recover(death.threadId);
    this.buriedCount += 1;
    this.lost = { unknown: 0, repeated: 0 };
    this.report(death, recovery, this.lost);
    if (this.isHopeless(performance.now())) this.giveUp(death);
    else this.replace();
  }

  /** Logs a death at the end of this turn, when the fate of the thread's tasks is known. */
  private report(death: Death, recovery: Recovery | undefined, lost: Readonly<LostRequests>): void {
    const fields = {
      duty: this.source.duty,
      threadId: death.threadId,
      exitCode: death.exitCode,
      ...(death.reason === undefined ? {} : { err: death.reason }),
      ...(recovery === undefined ? {} : { store: recoveryTexts[recovery] }),
    };
    setImmediate(() => {
      this.host.log.error(
        { ...fields, unknownOutcomes: lost.unknown, repeatedRequests: lost.repeated },
        'a thread died',
      );
    });
  }

  private replace(): void {
    if (this.hasEnded) return;
    this.source.refill();
    this.watch();
  }

  private isHopeless(nowMs: number): boolean {
    const { fruitlessMs } = this;
    const deathsMs = this.fruitlessDeathsMs.filter((deathMs) => nowMs - deathMs < fruitlessMs);
    deathsMs.push(nowMs);
    this.fruitlessDeathsMs = deathsMs;
    return deathsMs.length >= this.fruitlessDeathsMax;
  }

  private get fruitlessDeathsMax(): number {
    return Math.max(fruitlessDeathsMin, 2 * this.source.threadCount);
  }

  private get fruitlessMs(): number {
    return this.fruitlessDeathsMax * fruitlessMsPerDeath;
  }

  private giveUp({ exitCode: code, reason }: Death): void {
    this.hasEnded = true;
    const why = (reason as Partial<Error> | undefined)?.message ?? `exit code ${code}`;
    this.host.onFatal(
      new StartError(
        `the threads that ${this.source.duty} die as fast as they start: ` +
          `${this.fruitlessDeathsMs.length} within ${this.fruitlessMs / 1_000} s, and none carried anything out. ` +
          `The last one: ${why}`,
        exitCode.unexpected,
      ),
    );
  }
}
