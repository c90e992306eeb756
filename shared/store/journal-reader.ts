/**
 * The journal ring, as the threads that keep the data read it: the journal thread takes what is published, and says
 * what is on disk; the table thread says what it has taken over. One of each at a time; they take no locks.
 */
import { payloadWordsMax } from '../journal/frame';
import { type FullPosition, loadPosition, storePosition } from './full-position';
import { header, journalState } from './header';
import { wakeJournalReader } from './journal-ring';
import { type Layout, readLayout } from './layout';
import type { Memory } from './memory';

/** A run of published records, in the ring's own memory: unchanged until `markDurable` passes it. */
export interface PublishedRun {
  /** One part, or two where the ring's end lies in between. */
  readonly parts: readonly Uint8Array[];
  /** The position after it, as `ringTail` counts. */
  readonly end: number;
  readonly words: number;
}

const synced: FullPosition = { low: header.ringSynced, span: header.ringSyncedSpan };
const applied: FullPosition = { low: header.ringApplied, span: header.ringAppliedSpan };

export class JournalReader {
  private readonly layout: Layout;

  constructor(private readonly memory: Memory) {
    this.layout = readLayout(memory.words);
  }

  /** No more words than this are published and not durable, ever. */
  get ringWords(): number {
    return this.layout.ringWords;
  }

  /** What is published and not yet on disk; undefined when there is nothing. */
  take(): PublishedRun | undefined {
    const { memory, layout } = this;
    const start = memory.load(header.ringDurable);
    const published = (memory.load(header.ringTail) - start) | 0;
    if (published === 0) return undefined;
    if (published > payloadWordsMax)
      throw new Error('the ring is larger than one payload of the journal may be');
    const offset = start & (layout.ringWords - 1);
    const first = Math.min(published, layout.ringWords - offset);
    const parts = [this.part(offset, first)];
    if (first < published) parts.push(this.part(0, published - first));
    return { parts, end: (start + published) | 0, words: published };
  }

  /** Sleeps until there may be something to take, or for so long. */
  waitForMore(timeoutMs: number): void {
    const { memory } = this;
    // In this order: whoever publishes after the look at the tail finds it asleep, and counts up what it sleeps on.
    const wakeUps = memory.load(header.readerWakeUps);
    memory.store(header.readerSleeps, 1);
    const isIdle = memory.load(header.ringTail) === memory.load(header.ringDurable);
    if (isIdle && !this.isStopping) memory.wait(header.readerWakeUps, wakeUps, timeoutMs);
    memory.store(header.readerSleeps, 0);
  }

  /** Blocks the thread, or until the server stops. */
  pause(timeoutMs: number): void {
    this.memory.wait(header.journalStops, 0, timeoutMs);
  }

  /**
   * Tells everyone that all before `position` is on disk: replies may leave. When the disk has blocks for all that the
   * ring can hold from there on, the ring has room again.
   */
  markDurable(position: number, hasBlocks = true): void {
    this.memory.store(header.ringDurable, position);
    // After it: what is not called durable yet must not be written over.
    if (hasBlocks) this.memory.store(header.ringReserved, position);
    this.memory.notify(header.ringDurable, Number.POSITIVE_INFINITY);
  }

  /** Takes all room from the ring: there are no blocks for anything. */
  markUnreserved(): void {
    this.memory.store(header.ringReserved, (this.durable - this.layout.ringWords) | 0);
  }

  /** Tells the table thread that all before `position` is on disk, whatever the durability. It is counted in full. */
  markSynced(position: number): void {
    storePosition(this.memory, synced, position);
  }

  /** See `markSynced`. */
  get synced(): number {
    return loadPosition(this.memory, synced);
  }

  /** Tells everyone that the disk takes what is published. */
  markRunning(): void {
    this.memory.store(header.journalState, journalState.running);
  }

  /** Whether the disk was said to take nothing, by an earlier journal thread too. */
  get isFailing(): boolean {
    return this.memory.load(header.journalState) === journalState.failing;
  }

  /** Tells everyone that the disk takes nothing. */
  markFailing(): void {
    this.memory.store(header.journalState, journalState.failing);
    this.memory.notify(header.ringDurable, Number.POSITIVE_INFINITY);
  }

  /** The position up to which everything is on disk, as `ringTail` counts. */
  get durable(): number {
    return this.memory.load(header.ringDurable);
  }

  /** The same position, counted in full. */
  get durableInFull(): number {
    const position = this.synced;
    return position + ((this.durable - position) | 0);
  }

  /** Says up to where the tables have taken records over. It is counted in full. */
  markApplied(position: number): void {
    storePosition(this.memory, applied, position);
  }

  /** See `markApplied`. While the tables stay where they are, the ring may go round any number of times. */
  get applied(): number {
    return loadPosition(this.memory, applied);
  }

  /** Whether `words` are what the ring holds from `position` on, which is published and not called durable yet. */
  holds(position: number, words: Int32Array): boolean {
    const { memory, layout } = this;
    const mask = layout.ringWords - 1;
    if (((memory.load(header.ringTail) - position) | 0) < words.length) return false;
    return words.every((word, index) => memory.read(layout.ring + ((position + index) & mask)) === word);
  }

  /** Whether the server stops: then the reader ends once it has taken all. */
  get isStopping(): boolean {
    return this.memory.load(header.journalStops) === 1;
  }

  private part(offset: number, words: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, (this.layout.ring + offset) * 4, words * 4);
  }
}

/** Asks the journal thread to end once it has taken all that is published. Any thread may. */
export function stopJournal(memory: Memory): void {
  memory.store(header.journalStops, 1);
  memory.notify(header.journalStops, 1);
  wakeJournalReader(memory);
}
