/**
 * Steps of changing accounts that are the same whether a change happens or is repeated from the journal. The caller
 * holds the locks and ends the operation; the active list's lock and the allocators' stay held until then.
 */
import type { TokenWords } from '../protocol/token';
import type { ActiveList } from './active-list';
import type { Inbox } from './inbox';
import type { Memory } from './memory';
import { userRecord } from './record-words';
import type { SessionTable } from './session-table';
import type { UserTable } from './user-table';

export class AccountSteps {
  constructor(
    private readonly memory: Memory,
    private readonly users: UserTable,
    private readonly sessions: SessionTable,
    private readonly active: ActiveList,
    private readonly inbox: Inbox,
  ) {}

  /** How many valid sessions a user has. The user's lock is held. */
  sessionCount(user: number): number {
    return this.memory.read(this.users.wordOf(user) + userRecord.sessionCount);
  }

  /** Opens a session; false when the store is full. The locks of token and user are held. */
  openSession(token: TokenWords, user: number, nowSeconds: number): boolean {
    if (this.sessionCount(user) === 0) this.active.append(user);
    return this.sessions.insert(token, user, nowSeconds) !== 0;
  }

  /** Takes a session out; returns whether it was valid. The locks of token and user are held. */
  removeSession(session: number, token: TokenWords): boolean {
    const user = this.sessions.userOf(session);
    const wasValid = this.sessions.isOfThisEpoch(session);
    if (wasValid && this.sessionCount(user) === 1) this.active.remove(user);
    this.sessions.remove(session, token);
    return wasValid;
  }

  /** Ends all sessions of a user. The user's lock is held. */
  endSessions(user: number): void {
    if (this.sessionCount(user) > 0) this.active.remove(user);
    this.sessions.endAll(user);
  }

  /** Leaves of a user its number and its names. The user's lock is held. */
  removeUser(user: number): void {
    this.endSessions(user);
    this.users.markRemoved(user);
    this.inbox.clear(user);
  }
}
