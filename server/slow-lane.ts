/**
 * Runs the slow part of slow commands: a bounded number at once, a bounded number waiting, and past that BUSY.
 */
import type { Deferral, FinishedCommand, HashDeferral } from '../shared/batch/tasks';
import { errorFrame } from '../shared/protocol/reply-writer';
import type { HistoryLane } from './history-lane';
import type { ChatPool, HashPool } from './pool';
import type { ReleaseGate } from './release-gate';

/** About 10 s of logins for each thread; whoever comes later is better told to come back. */
const waitingPerThreadMax = 512;

const busy: FinishedCommand = {
  reply: errorFrame('BUSY'),
  user: 0,
  position: undefined,
};

export class SlowLane {
  private underWay = 0;

  constructor(
    private readonly hashPool: HashPool,
    private readonly chatPool: ChatPool,
    private readonly gate: ReleaseGate,
    /** Undefined where nothing is kept: then no command asks for history. */
    private readonly historyLane: HistoryLane | undefined,
  ) {}

  /** Carries a deferred command to its end. Rejects when a thread died under it. */
  async run(deferral: Deferral): Promise<FinishedCommand> {
    if (!('historyJob' in deferral)) return this.hash(deferral);
    const { historyJob } = deferral;
    if (this.historyLane === undefined) return busy;
    return { reply: await this.historyLane.run(historyJob), user: historyJob.user, position: undefined };
  }

  private async hash(deferral: HashDeferral): Promise<FinishedCommand> {
    if (this.underWay >= this.hashPool.threads * waitingPerThreadMax) return busy;
    this.underWay += 1;
    try {
      const outcome = await this.hashPool.run(deferral.job);
      const finished = await this.chatPool.finish(deferral, outcome);
      if (finished.position !== undefined) await this.gate.whenDurable(finished.position);
      return finished;
    } finally {
      this.underWay -= 1;
    }
  }
}
