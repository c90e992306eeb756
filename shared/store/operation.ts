/**
 * How every operation of the store ends: what it changed is final, or taken back, before the first lock is freed.
 */
import type { ErrorCode } from '../protocol/error-codes';
import type { JournalRing } from './journal-ring';
import type { Locks } from './lock';
import type { Transaction } from './transaction';

export class Operation {
  constructor(
    private readonly locks: Locks,
    private readonly transaction: Transaction,
    private readonly journal: JournalRing,
  ) {}

  finish(): 'OK' {
    this.transaction.commit();
    this.journal.settle();
    this.locks.releaseAll();
    return 'OK';
  }

  refuse(code: ErrorCode): ErrorCode {
    this.transaction.rollback();
    this.locks.releaseAll();
    return code;
  }
}
