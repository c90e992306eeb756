/**
 * Carries out what the operator asks for, in the process that has the data: a running server, or a command that has
 * opened the data of a stopped one.
 */
import type { ListedUser } from '../../shared/batch/tasks';
import type { Account } from '../account-rules';
import { type AccountCreator, createEach, hashNew } from '../accounts';
import type { HeldBack, Limits } from '../limits/limits';
import type { AdminService, Outcome } from './admin-service';

/** What is administered: `ChatServer`. */
export interface AdministeredServer {
  readonly accountCreator: AccountCreator;
  readonly limits: Limits;
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
    const { chatPool, hashPool, gate } = this.server.accountCreator;
    const { outcome, position } = await chatPool.setPassword(username, await hashNew(password, hashPool));
    if (position !== undefined) await gate.whenDurable(position);
    return outcome;
  }

  async removeUser(username: string): Promise<Outcome> {
    const { chatPool, gate } = this.server.accountCreator;
    const { outcome, position } = await chatPool.removeUser(username);
    if (position !== undefined) await gate.whenDurable(position);
    return outcome;
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
}
