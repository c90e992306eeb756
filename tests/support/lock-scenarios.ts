/** What the threads of an exploration of the locks do, what has to be true when all are through, and broken versions. */
import { readField } from '../../shared/journal/record';
import { JournalRing } from '../../shared/store/journal-ring';
import { header } from '../../shared/store/header';
import { computeLayout, type Layout } from '../../shared/store/layout';
import { lockNumber, lockWords } from '../../shared/store/lock-numbers';
import { threadSlot } from '../../shared/store/thread-slot';
import { freeLocksOf, Locks, wakeAllWaiters } from '../../shared/store/lock';
import { Operation } from '../../shared/store/operation';
import { recoverThread } from '../../shared/store/recovery';
import { rollBackSlot, Transaction } from '../../shared/store/transaction';
import type { Program, SimulatedMemory } from './simulated-thread';

/**
 * `lock`: all threads take one lock and change two words under it. `lock and ring`: then they publish a record, which
 * takes the ring's lock as well. `own locks, one ring`: each has a lock and words of its own, and they meet at the ring.
 */
export type LockShape = 'lock' | 'lock and ring' | 'own locks, one ring';

export const lockFlaws = [
  'recovery wakes nobody',
  'recovery undoes nothing',
  'recovery frees the locks before it undoes',
  'the intended position is not written down',
  'release wakes nobody',
  'who has slept takes the lock as uncontended',
] as const;
export type LockFlaw = 'none' | (typeof lockFlaws)[number];

const threadIdOf = (thread: number): number => 100 + thread;
const undoEntriesMax = 2;

export class LockScenario {
  /** The words in use. */
  readonly places: ReadonlyMap<number, number>;
  /** To which slot each of them belongs; -1 for those that are shared. */
  private readonly slots: readonly number[];
  private readonly layout: Layout;
  private readonly hasJournal: boolean;

  constructor(
    private readonly shape: LockShape,
    private readonly threads: number,
    private readonly flaw: LockFlaw = 'none',
  ) {
    this.hasJournal = shape !== 'lock';
    this.layout = computeLayout({
      threadsMax: threads,
      usersMax: threads,
      sessionsMax: 1,
      blocksMax: 1,
      inboxMessagesMax: 1,
      ringWords: this.hasJournal ? 131_072 : 0,
    });
    const words = this.words();
    this.places = new Map(words.map((word, index) => [word, index + 1]));
    this.slots = [-1, ...words.map((word) => this.slotOf(word))];
  }

  initialMemory(): readonly number[] {
    const memory = new Array<number>(this.places.size + 1).fill(0);
    for (let thread = 0; thread < this.threads; thread += 1)
      memory[this.places.get(this.slotWord(thread) + threadSlot.claimed)!] = threadIdOf(thread);
    return memory;
  }

  /** Whether a word belongs to a slot: while the thread lives nobody else looks at it. */
  isOwn(slot: number, place: number): boolean {
    return this.slots[place] === slot;
  }

  threadProgram(thread: number): Program {
    return (memory) => {
      this.spoilThread(memory, thread);
      this.operate(memory, thread);
    };
  }

  /** What the main thread does after a thread's death; then the successor's operation, in the same slot. */
  recoveryProgram(thread: number): Program {
    return (memory) => {
      if (this.flaw === 'recovery frees the locks before it undoes') this.recoverInWrongOrder(memory, thread);
      else this.recover(memory, thread);
      this.operate(memory, thread);
    };
  }

  /** What is wrong once every thread is through. */
  findings(memory: readonly number[]): string[] {
    const at = (word: number): number => memory[this.places.get(word)!]!;
    const sums = this.counterWords().map((word) => at(word));
    const changes = sums.reduce((sum, value) => sum + value, 0) / 2;
    const findings: string[] = [];
    for (let index = 0; index < sums.length; index += 2)
      if (sums[index] !== sums[index + 1]) findings.push(`a change is torn: ${sums.join()}`);
    // The dead thread's own change may stand or not.
    if (changes !== this.threads && changes !== this.threads + 1)
      findings.push(`${this.threads} threads have made ${changes} changes`);
    if (this.hasJournal && at(header.ringTail) !== changes * readField.end)
      findings.push(`${changes} changes, but the ring ends at ${at(header.ringTail)}`);
    for (const word of this.wordsEmptyAtEnd())
      if (at(word) !== 0) findings.push(`word ${word} is left as ${at(word)}`);
    return findings;
  }

  private operate(memory: SimulatedMemory, thread: number): void {
    const slotWord = this.slotWord(thread);
    const locks = new Locks(memory, this.layout, thread + 1, slotWord, () => {
      throw new Error('time has passed');
    });
    const transaction = new Transaction(memory, slotWord);
    const journal = new JournalRing(memory, this.layout, locks, slotWord);
    const [first, second] = this.counterWordsOf(thread);
    const isShared = this.shape !== 'own locks, one ring';
    locks.acquire(this.lockOf(thread));
    if (isShared) memory.enter();
    if (memory.read(first) !== memory.read(second)) throw new Error('a thread sees half of a change');
    transaction.add(first, 1);
    transaction.add(second, 1);
    if (this.hasJournal) journal.read(1, 0, 0, true);
    memory.leave();
    new Operation(locks, transaction, journal).finish();
  }

  private recover(memory: SimulatedMemory, thread: number): void {
    const slotWord = this.slotWord(thread);
    const { notify, read } = bound(memory);
    if (this.flaw === 'recovery wakes nobody') memory.notify = () => 0;
    if (this.flaw === 'recovery undoes nothing')
      memory.read = (word) => (word === slotWord + threadSlot.undoCount ? 0 : read(word));
    recoverThread(memory, this.layout, threadIdOf(thread));
    Object.assign(memory, { notify, read });
  }

  private recoverInWrongOrder(memory: SimulatedMemory, thread: number): void {
    const slotWord = this.slotWord(thread);
    freeLocksOf(memory, this.layout, thread + 1, slotWord);
    wakeAllWaiters(memory, this.layout);
    rollBackSlot(memory, slotWord);
    memory.write(slotWord + threadSlot.isPublishing, 0);
    memory.store(slotWord + threadSlot.claimed, 0);
  }

  private spoilThread(memory: SimulatedMemory, thread: number): void {
    const { write, compareExchange } = bound(memory);
    const intendedTail = this.slotWord(thread) + threadSlot.intendedTail;
    if (this.flaw === 'the intended position is not written down')
      memory.write = (word, value) => {
        if (word !== intendedTail) write(word, value);
      };
    if (this.flaw === 'release wakes nobody') memory.notify = () => 0;
    if (this.flaw === 'who has slept takes the lock as uncontended')
      memory.compareExchange = (word, expected, value) =>
        compareExchange(word, expected, expected === 0 ? value & ~1 : value);
  }

  private slotWord(thread: number): number {
    return this.layout.threadSlots + thread * threadSlot.words;
  }

  private slotOf(word: number): number {
    const slot = Math.floor((word - this.layout.threadSlots) / threadSlot.words);
    const isShared = (word - this.layout.threadSlots) % threadSlot.words === threadSlot.claimed;
    return slot >= 0 && slot < this.threads && !isShared ? slot : -1;
  }

  private lockOf(thread: number): number {
    return lockNumber.userStripe + (this.shape === 'own locks, one ring' ? thread : 0);
  }

  /** The two words that a thread changes. */
  private counterWordsOf(thread: number): [number, number] {
    const first = this.layout.users + (this.shape === 'own locks, one ring' ? 2 * thread : 0);
    return [first, first + 1];
  }

  private counterWords(): number[] {
    const threads = this.shape === 'own locks, one ring' ? this.threads : 1;
    return Array.from({ length: threads }, (_, thread) => this.counterWordsOf(thread)).flat();
  }

  private lockWords(): number[] {
    const threads = Array.from({ length: this.threads }, (_, thread) => this.lockOf(thread));
    return [...new Set([...threads, lockNumber.ring])].map((lock) => this.layout.locks + lock * lockWords);
  }

  private wordsEmptyAtEnd(): number[] {
    const slotWords = [threadSlot.heldCount, threadSlot.undoCount, threadSlot.isPublishing];
    const slots = Array.from({ length: this.threads }, (_, thread) => this.slotWord(thread));
    return [...this.lockWords(), ...slots.flatMap((slotWord) => slotWords.map((word) => slotWord + word))];
  }

  private words(): number[] {
    const slots = Array.from({ length: this.threads }, (_, thread) => this.slotWord(thread));
    const recordsMax = this.threads + 1;
    return [
      ...this.wordsEmptyAtEnd(),
      ...this.counterWords(),
      ...slots.flatMap((slotWord) => [
        slotWord + threadSlot.claimed,
        slotWord + threadSlot.held,
        slotWord + threadSlot.held + 1,
        slotWord + threadSlot.intendedTail,
        ...Array.from({ length: undoEntriesMax * 2 }, (_, index) => slotWord + threadSlot.undo + index),
      ]),
      header.ringTail,
      header.readerWakeUps,
      ...Array.from({ length: recordsMax * readField.end }, (_, index) => this.layout.ring + index),
    ];
  }
}

/** The methods as they are, to be called by those that take their place. */
function bound(
  memory: SimulatedMemory,
): Pick<SimulatedMemory, 'notify' | 'read' | 'write' | 'compareExchange'> {
  return {
    notify: memory.notify.bind(memory),
    read: memory.read.bind(memory),
    write: memory.write.bind(memory),
    compareExchange: memory.compareExchange.bind(memory),
  };
}
