/**
 * Carries out what the operator asks for, in the process that has the data: a running server, or a command that has
 * opened the data of a stopped one.
 */
import type { AccountResult, ListedUser } from '../../shared/batch/tasks';
import type { Account } from '../account-rules';
import { type AccountCreator, createEach, hashNew } from '../accounts';
import type { HeldBack, Limits } from '../limits/limits';
import type { AdminService, Outcome } from './admin-service';

/** What is administered: `ChatServer`. */
export interface AdministeredServer {
  readonly accountCreator: AccountCreator;
  readonly limits: Limits;
  /** All sessions of a user have ended. */
  followEndedSessions(user: number): Promise<void>;
  backup(target: string): Promise<void>;
  catchUp(): Promise<void>;
}

export class Administrator implements AdminService {
  constructor(private readonly server: AdministeredServer) {}

  async addAccounts(accounts: readonly Account[]): Promise<readonly Outcome[]> {
    const outcomes = new Array<Outcome>(accounts.length);
    await createEach(accounts, this.server.accountCreator, (outcome, _account, index) => {
      outcomes[index] = outcome;
    });
    return outcomes;
  }

  async setPassword(username: string, password: string): Promise<Outcome> {
    const { chatPool, hashPool } = this.server.accountCreator;
    return this.endSessions(await chatPool.setPassword(username, await hashNew(password, hashPool)));
  }

  async removeUser(username: string): Promise<Outcome> {
    return this.endSessions(await this.server.accountCreator.chatPool.removeUser(username));
  }

  async *listUsers(): AsyncGenerator<ListedUser> {
    yield* await this.server.accountCreator.chatPool.listUsers();
  }

  listLimits(): Iterable<HeldBack> {
    return this.server.limits.heldBack();
  }

  clearLimits(target: string | undefined): Promise<number> {
    return Promise.resolve(this.server.limits.clear(target));
  }

  backup(target: string): Promise<void> {
    return this.server.backup(target);
  }

  catchUp(): Promise<void> {
    return this.server.catchUp();
  }

  /** Once the change is on disk, what goes by the sessions that it has ended ends too. */
  private async endSessions({ outcome, position, endedSessionsOf = 0 }: AccountResult): Promise<Outcome> {
    if (position !== undefined) await this.server.accountCreator.gate.whenDurable(position);
    if (endedSessionsOf !== 0) await this.server.followEndedSessions(endedSessionsOf);
    return outcome;
  }
}
