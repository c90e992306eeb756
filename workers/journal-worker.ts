/**
 * Entry point of the journal thread: loads the store from the disk, then takes what is published in the ring to the
 * disk, with one sync for all that waits. It is outside the pool and blocks: nobody else runs here.
 *
 * Invariant: nothing is called durable before it is on disk (`sync`), or at least handed to the system (`relaxed`).
 */
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { SegmentLog } from '../shared/journal/segment-log';
import { dataFolders } from '../shared/journal/data-folders';
import type { JournalMessage, JournalSettings, LoadSummary } from '../shared/journal/journal-messages';
import { JournalReader } from '../shared/store/journal-reader';
import { Memory } from '../shared/store/memory';
import { StoreLoader } from '../shared/store/store-loader';
import { loadStore } from './load-store';
import { Tables } from './tables/tables';

/** How long a disk that takes nothing is left alone. */
const retryMs = 500;
/** How long to sleep when nothing is published; any record ends it. */
const idleMs = 60_000;
/** With `relaxed` durability, the most that a power cut may take. */
const relaxedSyncMs = 200;
/** How often a load says how far it is, in rows. */
const progressRows = 50_000;

const settings = workerData as JournalSettings;
const memory = new Memory(settings.store);
const reader = new JournalReader(memory);

main().catch((error: unknown) => {
  const { code, message } = error as Error & { code?: string };
  tell({ kind: 'failed', code: code ?? 'UNEXPECTED', message });
});

async function main(): Promise<void> {
  const folders = dataFolders(settings.folder);
  const tables = await Tables.open(folders.tables);
  const log = SegmentLog.open(folders.journal, { startPosition: tables.applied });
  const summary = load(tables, log);
  await tables.close();
  tell({ kind: 'loaded', summary });
  new JournalWriter(log).run();
  log.close();
  tell({ kind: 'stopped' });
}

function load(tables: Tables, log: SegmentLog): LoadSummary {
  const { applied } = tables;
  const { rows, replayed } = loadStore(
    new StoreLoader(memory, threadId),
    tables,
    (visit) => {
      log.read(applied, visit);
    },
    (count) => {
      if (count % progressRows === 0) tell({ kind: 'progress', rows: count });
    },
  );
  reader.markApplied((applied - log.endPosition) | 0);
  return { rows, replayed, appliedPosition: applied, endPosition: log.endPosition };
}

/** The loop of the journal thread. */
class JournalWriter {
  private isFailing = false;
  private lastSyncMs = Date.now();
  /** The end of what was appended and not synced, as the ring counts; undefined when there is nothing. */
  private unsyncedEnd: number | undefined;
  private trimmedAt = reader.applied;

  constructor(private readonly log: SegmentLog) {}

  run(): void {
    const isSync = settings.durability === 'sync';
    // What was replayed may have been written and not synced when the last server ended.
    this.persist(() => {
      this.log.sync();
    });
    for (;;) {
      if (this.isFailing) {
        // All that was tried has succeeded at last, whether or not there is more to take.
        this.isFailing = false;
        reader.markDurable(reader.durable);
        tell({ kind: 'recovered' });
      }
      const run = reader.take();
      if (run === undefined) {
        if (reader.isStopping && this.unsyncedEnd === undefined) return;
        reader.waitForMore(this.unsyncedEnd === undefined ? idleMs : relaxedSyncMs);
      } else {
        this.persist(() => this.log.append(run.parts));
        this.unsyncedEnd = run.end;
        if (isSync) this.sync();
        reader.markDurable(run.end);
      }
      if (reader.isStopping || Date.now() - this.lastSyncMs >= relaxedSyncMs) this.sync();
      this.trim();
    }
  }

  /** Brings to disk what was appended. */
  private sync(): void {
    if (this.unsyncedEnd === undefined) return;
    this.persist(() => {
      this.log.sync();
    });
    reader.markSynced(this.unsyncedEnd);
    this.unsyncedEnd = undefined;
    this.lastSyncMs = Date.now();
  }

  /** Does it, however long the disk takes to be able to. Meanwhile changes are refused and replies wait. */
  private persist(act: () => void): void {
    for (;;) {
      try {
        act();
        return;
      } catch (error) {
        // A server that stops cannot wait for its disk; what is lost nobody was told was kept.
        if (reader.isStopping) throw error;
        const { code, message } = error as NodeJS.ErrnoException;
        if (!this.isFailing) tell({ kind: 'failing', code: code ?? 'UNEXPECTED', message });
        this.isFailing = true;
        reader.markFailing();
        reader.pause(retryMs);
      }
    }
  }

  /** Lets go of what the tables have taken over. */
  private trim(): void {
    const { applied } = reader;
    if (applied === this.trimmedAt) return;
    this.trimmedAt = applied;
    this.log.trim(this.log.endPosition - ((reader.durable - applied) | 0));
  }
}

function tell(message: JournalMessage): void {
  parentPort!.postMessage(message);
}
