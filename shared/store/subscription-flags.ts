/**
 * Who gets live frames, so that workers note deliveries only for those: a word for each user, and one for all. The main
 * thread alone writes; workers look after they have released the locks of what they changed. A subscriber's flag is set
 * before its unread messages are looked at for the first time, under the same locks: so a message is found by that look,
 * or whoever delivers it finds the flag.
 */
import { joinWords } from '../journal/record';
import { header } from './header';
import { type Layout, readLayout } from './layout';
import type { Memory } from './memory';

export class SubscriptionFlags {
  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout = readLayout(memory.words),
  ) {}

  /** Whether anybody is subscribed. */
  get isAny(): boolean {
    return this.memory.load(header.subscriptionCount) > 0;
  }

  isSet(user: number): boolean {
    return this.memory.load(this.layout.subscriptions + user) > 0;
  }

  /** How many subscribers a user has. */
  setUser(user: number, count: number): void {
    this.memory.store(this.layout.subscriptions + user, count);
  }

  /** How many subscribers there are. */
  setAll(count: number): void {
    this.memory.store(header.subscriptionCount, count);
  }

  /** The sequence given last. Whatever is given from now on is larger, or, when its thread dies, this one. */
  get sequence(): number {
    const { memory } = this;
    for (;;) {
      const high = memory.load(header.sequenceHigh);
      const low = memory.load(header.sequenceLow);
      // It changes once in four thousand million sequences.
      if (memory.load(header.sequenceHigh) === high) return joinWords(low, high);
    }
  }
}
