/**
 * Answers `history` and `search`: a thread outside the pools that reads the tables, one job after the other. A bounded
 * number of jobs may wait, of each user and in all; past that the answer is BUSY. Users share the places and take
 * turns: when all are taken, a user who comes gets a place of the one who has the most, if that is more than their own.
 * The thread starts with the first job, and again with the next should it ever die.
 *
 * Before a job the table thread catches up with the journal, so that what was acknowledged before is found. All jobs that
 * wait share one such turn.
 */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { HistoryAnswer, HistoryJob, HistoryRequest, HistorySettings } from '../shared/batch/history-job';
import { errorFrame } from '../shared/protocol/reply-writer';
import { isPassing } from './journal';
import type { Logger } from './logger';
import { workersFolder } from './workers-folder';

/** At 200 ms each at the very worst, some 13 s. */
const waitingMax = 64;
/** Of one user, over all connections, those under way included: so that nobody takes all places from the others. */
const jobsPerUserMax = 8;
/** Catching up takes longer only while a backup is taken, which the tables hold still for. */
const catchUpMsMax = 5_000;

const busy = errorFrame('BUSY');

interface WaitingJob {
  readonly job: HistoryJob;
  readonly resolve: (reply: string) => void;
}

export class HistoryLane {
  private waiting: WaitingJob[] = [];
  /** How many jobs wait or are under way, by user; users without any have no entry. */
  private readonly jobsOfUser = new Map<number, number>();
  private isRunning = false;
  private isStopping = false;
  private thread: Worker | undefined;
  private readonly answerListeners: ((answer: HistoryAnswer) => void)[] = [];

  /** @param catchUp Brings into the tables all that is on disk. */
  constructor(
    private readonly folder: string,
    private readonly catchUp: () => Promise<void>,
    private readonly log: Logger,
  ) {}

  /** Returns the reply, which is BUSY when there is no other. */
  async run(job: HistoryJob): Promise<string> {
    const { user } = job;
    const jobCount = this.jobsOfUser.get(user) ?? 0;
    if (jobCount >= jobsPerUserMax || (this.waiting.length >= waitingMax && !this.makeRoomFor(user)))
      return busy;
    this.jobsOfUser.set(user, jobCount + 1);
    const reply = await new Promise<string>((resolve) => {
      this.waiting.push({ job, resolve });
      if (!this.isRunning) void this.runWaiting();
    });
    this.noteDone(user);
    return reply;
  }

  /** Ends the thread; jobs that wait are answered with BUSY. */
  async stop(): Promise<void> {
    this.isStopping = true;
    const { thread } = this;
    if (thread === undefined) return;
    await new Promise<void>((resolve) => {
      thread.once('exit', () => {
        resolve();
      });
      tell(thread, { kind: 'stop' });
    });
  }

  /**
   * Answers the youngest job of the user who has the most waiting with BUSY. False when the user who comes would have
   * as many.
   */
  private makeRoomFor(user: number): boolean {
    const counts = new Map<number, number>();
    for (const { job } of this.waiting) counts.set(job.user, (counts.get(job.user) ?? 0) + 1);
    const most = Math.max(...counts.values());
    if (most <= (counts.get(user) ?? 0) + 1) return false;
    const youngest = this.waiting.findLastIndex(({ job }) => counts.get(job.user) === most);
    const [dropped] = this.waiting.splice(youngest, 1);
    dropped!.resolve(busy);
    return true;
  }

  private noteDone(user: number): void {
    const jobCount = this.jobsOfUser.get(user)! - 1;
    if (jobCount === 0) this.jobsOfUser.delete(user);
    else this.jobsOfUser.set(user, jobCount);
  }

  private async runWaiting(): Promise<void> {
    this.isRunning = true;
    while (this.waiting.length > 0) {
      const jobs = inTurns(this.waiting);
      this.waiting = [];
      const isCurrent = await this.catchUpInTime();
      for (const { job, resolve } of jobs)
        resolve(isCurrent && !this.isStopping ? await this.ask(job) : busy);
    }
    this.isRunning = false;
  }

  /** False when it takes too long, or its thread has died. A disk that takes nothing can still be read. */
  private async catchUpInTime(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, catchUpMsMax, false);
    });
    const isCurrent = await Promise.race([
      this.catchUp().then(
        () => true,
        (error: unknown) => !isPassing(error),
      ),
      tooLong,
    ]);
    clearTimeout(timer);
    return isCurrent;
  }

  private async ask(job: HistoryJob): Promise<string> {
    const thread = (this.thread ??= this.startThread());
    const answer = await new Promise<HistoryAnswer>((resolve) => {
      this.answerListeners.push(resolve);
      tell(thread, { kind: 'job', job });
    });
    if ('reply' in answer) return answer.reply;
    this.log.error({ reason: answer.failure }, `${job.kind} could not be answered`);
    return busy;
  }

  private startThread(): Worker {
    const settings: HistorySettings = { folder: this.folder };
    const thread = new Worker(path.join(workersFolder, 'history-worker.js'), { workerData: settings });
    thread.on('message', (answer: HistoryAnswer) => this.answerListeners.shift()?.(answer));
    let failure = 'the history thread ended';
    thread.on('error', (error) => {
      failure = String(error);
    });
    thread.on('exit', () => {
      this.thread = undefined;
      for (const listener of this.answerListeners.splice(0)) listener({ failure });
    });
    return thread;
  }
}

/** The first job of every user, then the second of each, and so on. */
function inTurns(jobs: readonly WaitingJob[]): WaitingJob[] {
  const counts = new Map<number, number>();
  const turns = jobs.map((waiting) => {
    const turn = counts.get(waiting.job.user) ?? 0;
    counts.set(waiting.job.user, turn + 1);
    return { waiting, turn };
  });
  return turns.sort((left, right) => left.turn - right.turn).map(({ waiting }) => waiting);
}

function tell(thread: Worker, request: HistoryRequest): void {
  thread.postMessage(request);
}
