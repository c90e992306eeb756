/**
 * The one count of everything that is delivered, to whomever: messages, and members who join and leave (ADR 0008).
 *
 * A number is taken while the lock of what it goes into and the ring's lock are held, and both stay held until the
 * change has committed. So numbers ascend in every inbox and in the journal alike, and those that a dead thread had
 * taken in vain are given again.
 */
import { joinWords } from '../journal/record';
import { header } from './header';
import type { Locks } from './lock';
import { lockNumber } from './lock-numbers';
import type { Memory } from './memory';
import type { Transaction } from './transaction';

export class Sequence {
  /** The number that this thread took last: 53 bits in two words. */
  low = 0;
  high = 0;

  constructor(
    private readonly memory: Memory,
    private readonly locks: Locks,
    private readonly transaction: Transaction,
  ) {}

  get last(): number {
    return joinWords(this.low, this.high);
  }

  /** Takes the next number. The ring's lock is taken for it and stays held. Part of the caller's transaction. */
  take(): void {
    const { memory, transaction } = this;
    this.locks.acquire(lockNumber.ring);
    const low = (memory.read(header.sequenceLow) + 1) | 0;
    transaction.set(header.sequenceLow, low);
    if (low === 0) transaction.add(header.sequenceHigh, 1);
    this.low = low;
    this.high = memory.read(header.sequenceHigh);
  }
}
