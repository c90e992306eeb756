/**
 * Who has lately sent messages to whom: a hint of who would like to hear of whom, for presence. A few words for each
 * user, guarded by nothing and part of no transaction: a newer sender takes the place of an older one.
 */
import type { Layout } from './layout';
import type { Memory } from './memory';
import { contactWords } from './record-words';

export class Contacts {
  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
  ) {}

  /** Notes that `sender` has sent something to `receiver`. */
  note(receiver: number, sender: number): void {
    const word = this.wordOf(receiver, sender);
    if (this.memory.read(word) !== sender) this.memory.write(word, sender);
  }

  /** Whether either has lately sent something to the other. */
  know(userA: number, userB: number): boolean {
    const { memory } = this;
    return (
      memory.read(this.wordOf(userA, userB)) === userB || memory.read(this.wordOf(userB, userA)) === userA
    );
  }

  private wordOf(receiver: number, sender: number): number {
    return this.layout.contacts + (receiver - 1) * contactWords + (sender & (contactWords - 1));
  }
}
