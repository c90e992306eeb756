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

  /** Calls `visit` for everybody who has lately sent something to `receiver`. */
  forEachSenderTo(receiver: number, visit: (sender: number) => void): void {
    const first = this.wordOf(receiver, 0);
    for (let word = first; word < first + contactWords; word += 1) {
      const sender = this.memory.read(word);
      if (sender !== 0) visit(sender);
    }
  }

  private wordOf(receiver: number, sender: number): number {
    return this.layout.contacts + (receiver - 1) * contactWords + (sender & (contactWords - 1));
  }
}
