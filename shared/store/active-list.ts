/**
 * Users with at least one session, in order of login: a doubly linked list through the user records, guarded by its
 * own lock, which comes after the user stripes'.
 */
import { header } from './header';
import type { Locks } from './lock';
import { lockNumber } from './lock-numbers';
import type { Memory } from './memory';
import { userRecord } from './record-words';
import type { Transaction } from './transaction';
import type { UserTable } from './user-table';

export class ActiveList {
  constructor(
    private readonly memory: Memory,
    private readonly locks: Locks,
    private readonly transaction: Transaction,
    private readonly users: UserTable,
  ) {}

  /** Appends a user. The user's lock is held; the list's stays held until the caller commits and releases. */
  append(user: number): void {
    this.locks.acquire(lockNumber.activeList);
    const { memory, transaction } = this;
    const tail = memory.read(header.activeTail);
    const word = this.users.wordOf(user);
    transaction.set(word + userRecord.activePrevious, tail);
    transaction.set(word + userRecord.activeNext, 0);
    transaction.set(tail === 0 ? header.activeHead : this.users.wordOf(tail) + userRecord.activeNext, user);
    transaction.set(header.activeTail, user);
    transaction.add(header.activeCount, 1);
  }

  /** Takes a user out. The user's lock is held; the list's stays held until the caller commits and releases. */
  remove(user: number): void {
    this.locks.acquire(lockNumber.activeList);
    const { memory, transaction } = this;
    const word = this.users.wordOf(user);
    const previous = memory.read(word + userRecord.activePrevious);
    const next = memory.read(word + userRecord.activeNext);
    transaction.set(
      previous === 0 ? header.activeHead : this.users.wordOf(previous) + userRecord.activeNext,
      next,
    );
    transaction.set(
      next === 0 ? header.activeTail : this.users.wordOf(next) + userRecord.activePrevious,
      previous,
    );
    transaction.set(word + userRecord.activePrevious, 0);
    transaction.set(word + userRecord.activeNext, 0);
    transaction.add(header.activeCount, -1);
  }

  /** Calls `visit` for every active user, in order of login, until it returns false. */
  forEach(visit: (user: number) => boolean): void {
    this.locks.acquire(lockNumber.activeList);
    let user = this.memory.read(header.activeHead);
    while (user !== 0 && visit(user))
      user = this.memory.read(this.users.wordOf(user) + userRecord.activeNext);
    this.locks.release();
  }
}
