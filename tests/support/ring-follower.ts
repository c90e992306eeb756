/** Reads the journal ring of a store that other threads fill, and keeps what it read. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { forEachRecord, type JournalRecord } from '../../shared/journal/record';
import { JournalReader } from '../../shared/store/journal-reader';
import { header } from '../../shared/store/header';
import { type Layout, readLayout } from '../../shared/store/layout';
import { Memory } from '../../shared/store/memory';
import { marginWordsFor } from '../../shared/store/journal-ring';
import { StoreLoader } from '../../shared/store/store-loader';

const loaderThread = 4_000_001;

export class RingFollower {
  readonly memory: Memory;
  readonly reader: JournalReader;
  readonly layout: Layout;
  /** Runs of records, as they were taken. */
  readonly runs: Int32Array[] = [];

  constructor(readonly store: SharedArrayBuffer) {
    this.memory = new Memory(store);
    this.reader = new JournalReader(this.memory);
    this.layout = readLayout(this.memory.words);
  }

  /** Who wants to publish has to wait. */
  get isFull(): boolean {
    const used = (this.memory.load(header.ringTail) - this.memory.load(header.ringDurable)) | 0;
    return used + marginWordsFor(this.layout.threadsMax) > this.layout.ringWords;
  }

  /** Takes all that is published. False when there is nothing. */
  take(): boolean {
    const run = this.reader.take();
    if (run === undefined) return false;
    const words = new Int32Array(run.words);
    let at = 0;
    for (const part of run.parts) {
      words.set(new Int32Array(part.buffer, part.byteOffset, part.byteLength / 4), at);
      at += part.byteLength / 4;
    }
    this.runs.push(words);
    this.reader.markDurable(run.end);
    return true;
  }

  /** A slow disk: takes only what has filled the ring, until `work` is done; then the rest. */
  async takeWhenFull<Result>(work: Promise<Result>): Promise<{ result: Result; timesFull: number }> {
    let timesFull = 0;
    const state = { isDone: false };
    void work.finally(() => (state.isDone = true)).catch(() => undefined);
    while (!state.isDone) {
      if (this.isFull) {
        timesFull += 1;
        this.take();
      }
      await nextTurn();
    }
    this.take();
    return { result: await work, timesFull };
  }

  /** Resolves once the ring is full. */
  async untilFull(): Promise<void> {
    while (!this.isFull) await nextTurn();
  }

  get records(): JournalRecord[] {
    const records: JournalRecord[] = [];
    for (const words of this.runs)
      forEachRecord(words, (record) => {
        records.push(record);
      });
    return records;
  }

  /** The texts of the messages to each receiver, in order. */
  textsByReceiver(): Map<number, string[]> {
    const texts = new Map<number, string[]>();
    for (const record of this.records) {
      if (record.kind !== 'message') continue;
      const list = texts.get(record.receiver) ?? [];
      list.push(Buffer.from(record.text).toString('latin1'));
      texts.set(record.receiver, list);
    }
    return texts;
  }

  /** Repeats all that was read on a fresh store. */
  replayOn(fresh: SharedArrayBuffer): void {
    const loader = new StoreLoader(new Memory(fresh), loaderThread);
    for (const record of this.records) loader.apply(record);
    loader.finish();
  }
}

/** Puts the positions of an unused ring somewhere else than at 0, a whole number of rounds on. */
export function movePositions(store: SharedArrayBuffer, position: number): void {
  const words = new Int32Array(store);
  for (const word of [header.ringTail, header.ringDurable, header.ringReserved, header.ringApplied])
    words[word] = position | 0;
}
