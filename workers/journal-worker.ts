/**
 * Entry point of the journal thread: loads the store from the disk, or goes on where another one has died, then takes
 * what is published in the ring to the disk, with one sync for all that waits. It is outside the pool and blocks: nobody
 * else runs here.
 *
 * Invariants:
 *
 * 1. Nothing is called durable before it is on disk (`sync`), or at least handed to the system (`relaxed`).
 * 2. The ring has room only where the disk has blocks. So when the disk becomes full changes are refused, and what it was too
 *    late to refuse is kept and acknowledged: no reply waits for space.
 */
import { existsSync, readdirSync } from 'node:fs';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { JournalError } from '../shared/journal/journal-error';
import { segmentsAmong } from '../shared/journal/segment';
import { SegmentLog } from '../shared/journal/segment-log';
import { dataFolders } from '../shared/journal/data-folders';
import type { JournalMessage, JournalSettings, LoadSummary } from '../shared/journal/journal-messages';
import { JournalReader } from '../shared/store/journal-reader';
import { Memory } from '../shared/store/memory';
import { StoreLoader } from '../shared/store/store-loader';
import { TableWrites } from '../shared/store/table-writes';
import { loadStore } from './load-store';
import { Tables } from './tables/tables';

/** How long a disk that takes nothing is left alone. */
const retryMs = 500;
const idleMsMax = 60_000;
/** In how many payloads the ring's records may come to the disk after changes began to be refused; two, as a rule. */
const payloadsAhead = 64;
/** With `relaxed` durability, the most that a power cut may take. */
const relaxedSyncMs = 200;
/** How often a load says how far it is, in rows. */
const progressRows = 50_000;

const settings = workerData as JournalSettings;
const memory = new Memory(settings.store);
const reader = new JournalReader(memory);

async function main(): Promise<void> {
  const { ringOrigin } = settings;
  if (ringOrigin === undefined) {
    const { log, summary } = await loadAll();
    const writer = new JournalWriter(log, log.endPosition);
    // From here on there are changes.
    if (!writer.lookAhead()) reader.markUnreserved();
    tell({ kind: 'loaded', summary });
    writer.run();
  } else new JournalWriter(takeOver(ringOrigin), ringOrigin).run();
  tell({ kind: 'stopped' });
}

async function loadAll(): Promise<{ log: SegmentLog; summary: LoadSummary }> {
  const folders = dataFolders(settings.folder);
  const tables = await new TableWrites(memory).during(() => Tables.open(folders.tables));
  requireJournal(folders.journal, tables.applied);
  const log = SegmentLog.open(folders.journal, { startPosition: tables.applied });
  const summary = load(tables, log);
  await tables.close();
  return { log, summary };
}

/**
 * Tables that have taken something over have a journal beside them, which holds what they have not. Opening it would
 * begin an empty one where it is missing, and what is lost would never be missed.
 */
function requireJournal(folder: string, applied: number): void {
  if (applied === 0) return;
  if (existsSync(folder) && segmentsAmong(readdirSync(folder)).length > 0) return;
  const what = `there are no segments in it, and the tables beside it go up to position ${applied}. `;
  throw new JournalError('JOURNAL_MISSING', folder, 0, `${what}Put the folder back, or restore a backup`);
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
  reader.markApplied(applied - log.endPosition);
  // On a full disk what an earlier process has written, and not synced, could not be written again yet: a power cut may
  // still take it, and the tables must not be ahead of the journal then.
  reader.markSynced(log.syncedPosition - log.endPosition);
  return { rows, replayed, endPosition: log.endPosition };
}

/**
 * Goes on with the journal of a thread that has died. What that one wrote and did not call durable any more is in the
 * ring still, so that it can be recognised, and is not written again.
 */
function takeOver(ringOrigin: number): SegmentLog {
  const { journal } = dataFolders(settings.folder);
  const log = SegmentLog.open(journal);
  const writtenWords = (log.endPosition - ringOrigin - reader.durable) | 0;
  if (writtenWords < 0)
    throw strangeJournal(journal, `it ends ${-writtenWords} words before what was on disk`);
  log.read(log.endPosition - writtenWords, (payload, position) => {
    if (!reader.holds((position - ringOrigin) | 0, payload))
      throw strangeJournal(journal, `what it holds from ${position} on was not published`);
  });
  return log;
}

function strangeJournal(folder: string, what: string): JournalError {
  return new JournalError('JOURNAL_DAMAGED', folder, 0, `after the death of its thread: ${what}`);
}

/** The loop of the journal thread. */
class JournalWriter {
  /** An earlier thread may have died while the disk took nothing. */
  private isFailing = reader.isFailing;
  private failedAtMs = Number.NEGATIVE_INFINITY;
  /** As `performance.now()` counts, here and elsewhere: the clock may be set. */
  private lastSyncMs = performance.now();
  /** The end of what was appended and not synced, as `ringEnd` counts; undefined when there is nothing. */
  private unsyncedEnd: number | undefined;
  private trimmedAt: number | undefined;

  /** Whether all that was published when the thread began is on disk. */
  private isReady = false;

  constructor(
    private readonly log: SegmentLog,
    private readonly ringOrigin: number,
  ) {}

  /** Takes to the disk what is published until the server stops. */
  run(): void {
    this.takeAll();
    this.log.close();
  }

  private takeAll(): void {
    const isSync = settings.durability === 'sync';
    if (!this.takeOverRest()) return;
    for (;;) {
      const run = reader.take();
      if (run === undefined) {
        this.tellReady();
        if (reader.isStopping && this.unsyncedEnd === undefined) return;
        if (this.isFailing && this.lookAhead()) reader.markDurable(reader.durable);
        reader.waitForMore(this.idleMs);
        this.trim();
      } else {
        this.persist(() => this.log.append(run.parts));
        this.unsyncedEnd = this.ringEnd;
        if (isSync) this.sync();
        reader.markDurable(run.end, this.lookAhead());
        this.tellReady();
      }
      if (reader.isStopping || performance.now() - this.lastSyncMs >= relaxedSyncMs) this.sync();
    }
  }

  /**
   * Brings to disk what the last server, or the last thread, had written and not synced. False when the disk takes nothing,
   * the server stops, and nothing is published: then there is nothing more to do.
   */
  private takeOverRest(): boolean {
    try {
      this.persist(() => {
        this.log.sync();
      });
    } catch (error) {
      if (reader.take() === undefined) return false;
      throw error;
    }
    reader.markSynced(this.ringEnd);
    const hasBlocks = this.lookAhead();
    // What an earlier thread had reserved lay in another segment.
    if (!hasBlocks) reader.markUnreserved();
    reader.markDurable(this.ringEnd | 0, hasBlocks);
    return true;
  }

  /** How long to sleep when nothing is published; any record ends it. */
  private get idleMs(): number {
    if (this.unsyncedEnd !== undefined) return relaxedSyncMs;
    return this.isFailing ? retryMs : idleMsMax;
  }

  /** The journal's end from the ring's position 0 on, in full. */
  private get ringEnd(): number {
    return this.log.endPosition - this.ringOrigin;
  }

  private tellReady(): void {
    if (this.isReady) return;
    this.isReady = true;
    tell({ kind: 'ready' });
  }

  /** Brings to disk what was appended. */
  private sync(): void {
    if (this.unsyncedEnd === undefined) return;
    this.persist(() => {
      this.log.sync();
    });
    reader.markSynced(this.unsyncedEnd);
    this.unsyncedEnd = undefined;
    this.lastSyncMs = performance.now();
  }

  /**
   * Reserves blocks for all that the ring can hold from the journal's end on, and lets changes be taken when there are
   * some, and not otherwise. A disk that had none is left alone for a while.
   */
  lookAhead(): boolean {
    if (this.isFailing && performance.now() - this.failedAtMs < retryMs) return false;
    try {
      // It makes room.
      this.trim();
      this.log.reserve(reader.ringWords, payloadsAhead);
    } catch (error) {
      this.refuseChanges(error as NodeJS.ErrnoException);
      return false;
    }
    if (this.isFailing) {
      this.isFailing = false;
      reader.markRunning();
      tell({ kind: 'recovered' });
    }
    return true;
  }

  private refuseChanges({ code, message }: NodeJS.ErrnoException): void {
    reader.markFailing();
    if (!this.isFailing) tell({ kind: 'failing', code: code ?? 'UNEXPECTED', message });
    this.isFailing = true;
    this.failedAtMs = performance.now();
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
        this.refuseChanges(error as NodeJS.ErrnoException);
        reader.pause(retryMs);
      }
    }
  }

  /** Lets go of what the tables have taken over. */
  private trim(): void {
    const { applied } = reader;
    if (applied === this.trimmedAt) return;
    this.trimmedAt = applied;
    this.log.trim(this.ringOrigin + applied);
  }
}

function tell(message: JournalMessage): void {
  parentPort!.postMessage(message);
}

main().catch((error: unknown) => {
  const { code, message } = error as Error & { code?: string };
  tell({ kind: 'failed', code: code ?? 'UNEXPECTED', message });
});
