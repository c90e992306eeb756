/**
 * The slow lane with its limits in front: what is over them is answered at once, and no password is hashed for it.
 */
import type { Deferral, FinishedCommand } from '../../shared/batch/tasks';
import type { Client } from './client';
import type { PasswordLimiter, TriedPassword } from './password-limiter';
import { rateLimitedFrame } from './rate-limited';
import type { RegistrationLimiter } from './registration-limiter';

export interface Lane {
  run(deferral: Deferral): Promise<FinishedCommand>;
}

export class LimitedLane {
  constructor(
    private readonly lane: Lane,
    private readonly passwords: PasswordLimiter,
    private readonly registrations: RegistrationLimiter,
    private readonly clock: () => number,
  ) {}

  /** Carries a deferred command of a client to its end, or refuses it. Rejects as the lane does. */
  run(deferral: Deferral, client: Client): Promise<FinishedCommand> {
    if (client.isExempt || !('countedAs' in deferral)) return this.lane.run(deferral);
    const { countedAs } = deferral;
    return countedAs.kind === 'password'
      ? this.tryPassword(deferral, countedAs, client)
      : this.register(deferral, client);
  }

  private async tryPassword(
    deferral: Deferral,
    tried: TriedPassword,
    { network }: Client,
  ): Promise<FinishedCommand> {
    const attempt = this.passwords.begin(tried, network, this.clock());
    if ('retryMs' in attempt) return refused(attempt.retryMs);
    let finished: FinishedCommand | undefined;
    try {
      finished = await this.lane.run(deferral);
      return finished;
    } finally {
      this.passwords.end(attempt, finished?.countedOutcome, this.clock());
    }
  }

  private async register(deferral: Deferral, { network }: Client): Promise<FinishedCommand> {
    const retryMs = this.registrations.take(network, this.clock());
    if (retryMs > 0) return refused(retryMs);
    let finished: FinishedCommand | undefined;
    try {
      finished = await this.lane.run(deferral);
      return finished;
    } finally {
      if (finished?.countedOutcome !== 'registered') this.registrations.giveBack(network, this.clock());
    }
  }
}

function refused(retryMs: number): FinishedCommand {
  return { reply: rateLimitedFrame(retryMs), user: 0, position: undefined };
}
