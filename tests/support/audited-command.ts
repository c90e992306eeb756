/** A command of a model-based test of the store, with the audit that follows it. */
import assert from 'node:assert/strict';
import type fc from 'fast-check';
import { auditStore } from '../../shared/store/audit';
import type { Store } from '../../shared/store/store';
import type { StoreModel } from './store-model';
import type { StoreThreads } from './store-threads';

export type StoreCommand = fc.Command<StoreModel, StoreThreads>;

/** A command that looks at the store when it is through: the audit is clean and counts what the model counts. */
export class AuditedCommand implements StoreCommand {
  constructor(
    private readonly description: string,
    /** Returns what is worth noting of the outcome. */
    private readonly carryOut: (model: StoreModel, store: Store, threads: StoreThreads) => string | undefined,
    private readonly thread: number,
  ) {}

  check(): boolean {
    return true;
  }

  run(model: StoreModel, threads: StoreThreads): void {
    const outcome = this.carryOut(model, threads.stores[this.thread]!, threads);
    if (outcome !== undefined) threads.outcomes.add(`${this.description.split(' ')[0]!} ${outcome}`);
    const { findings, users, sessions, unreadMessages } = auditStore(threads.buffer);
    assert.deepEqual(findings, []);
    assert.deepEqual(
      { users, sessions, unreadMessages },
      { users: model.usersEver, sessions: model.sessions.size, unreadMessages: model.unreadMessages },
    );
  }

  toString(): string {
    return `thread ${this.thread}: ${this.description}`;
  }
}
