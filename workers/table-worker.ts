/**
 * Entry point of the table thread: follows the journal's files and brings the tables up to date in bulk, at a low
 * priority. Only it writes LMDB, and only where `TableWrites` lets it: it must not be ended meanwhile.
 */
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { dataFolders } from '../shared/journal/data-folders';
import type {
  TableFailure,
  TableMessage,
  TableRequest,
  TableSettings,
} from '../shared/journal/journal-messages';
import { SegmentReader } from '../shared/journal/segment-reader';
import { keyLifetimeSeconds } from '../shared/protocol/limits';
import { JournalReader } from '../shared/store/journal-reader';
import { readLayout } from '../shared/store/layout';
import { Memory } from '../shared/store/memory';
import { TableWrites } from '../shared/store/table-writes';
import { copyData } from './copy-data';
import { copyTables } from './copy-tables';
import { Tables } from './tables/tables';

/** On Linux a priority belongs to a thread; see `hash-worker.ts`. */
const tablePriority = 10;
/** How often the thread looks whether there is work. */
const pollMs = 1_000;
/** Work of this size is done at once… */
const runWordsMin = 4_194_304;
/** …and a smaller piece when it has waited this long: it shortens the next start. */
const waitMsMax = 10_000;
/** What one transaction takes at most. */
const runWordsMax = 4_194_304;
/** How long a request waits for what was acknowledged to be synced: a client that reads, and an operator who copies. */
const readSyncMsMax = 2_000;
const backupSyncMsMax = 5_000;
/** …and how often it looks. */
const syncPollMs = 10;
const houseKeepingMs = 60_000;
const dayMs = 86_400_000;

if (process.platform === 'linux') setPriority(0, tablePriority);

const settings = workerData as TableSettings;
const port = parentPort!;
const memory = new Memory(settings.store);
const reader = new JournalReader(memory);
const { keysMax, inboxMessagesMax } = readLayout(memory.words);
const writes = new TableWrites(memory);

/** A copy would lack what clients were told is kept. */
class NotOnDisk extends Error {
  readonly code = 'NOT_ON_DISK';

  constructor() {
    super(
      'nothing was copied: the disk does not take what was acknowledged last. The log says why; try again',
    );
  }
}

class TableFollower {
  private readonly segments = new SegmentReader(dataFolders(settings.folder).journal);
  private applied: number;
  /** As `performance.now()` counts: the clock may be set. */
  private behindSinceMs: number | undefined;
  private keptHouseMs = -Infinity;
  private failure: TableFailure | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Requests are carried out one after the other; this is the end of the last. */
  private lastRequest: Promise<void> = Promise.resolve();
  /** Meanwhile the tables stay where they are, so that the journal is kept from there on. */
  private isCopying = false;
  /** Ends a copy that is being made: a stop does not wait for the disk that it goes to. */
  private readonly stopping = new AbortController();

  constructor(private readonly tables: Tables) {
    this.applied = tables.applied;
  }

  start(): void {
    this.poll();
  }

  /** Takes over what is on disk, and ends. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.stopping.abort(new Error('the server stops'));
    await this.lastRequest;
    this.follow(0);
    this.segments.close();
    await this.tables.close();
    tell({ kind: 'stopped' });
    port.close();
  }

  /** Copies the data, with all that was acknowledged before. */
  backup(target: string): Promise<void> {
    const acknowledged = reader.durableInFull;
    return this.inTurn(async () => {
      if (!(await this.isSyncedWithin(acknowledged, backupSyncMsMax))) throw new NotOnDisk();
      // What is applied before the copy need not be replayed by whoever starts from it.
      this.follow(0);
      const { applied, segments } = this;
      const { folder } = settings;
      const tables = {
        backup: (copy: string) => copyTables(dataFolders(folder).tables, copy, this.stopping.signal),
      };
      this.isCopying = true;
      try {
        await copyData({ folder, tables, segments, applied, durable: syncedPosition }, target);
      } finally {
        this.isCopying = false;
      }
    });
  }

  /** Brings into the tables all that was acknowledged before; of a disk that takes nothing, all that is on it. */
  catchUp(): Promise<void> {
    const acknowledged = reader.durableInFull;
    return this.inTurn(async () => {
      await this.isSyncedWithin(acknowledged, readSyncMsMax);
      this.follow(0);
      if (this.failure !== undefined) throw Object.assign(new Error(this.failure.message), this.failure);
    });
  }

  /**
   * Whether all before a position of the ring, in full, is on disk, at the latest after so long: with relaxed durability
   * what was acknowledged may be on its way there still.
   */
  private async isSyncedWithin(position: number, msMax: number): Promise<boolean> {
    const untilMs = performance.now() + msMax;
    for (;;) {
      if (reader.synced >= position) return true;
      if (performance.now() >= untilMs) return false;
      await delay(syncPollMs);
    }
  }

  private inTurn(act: () => Promise<void> | void): Promise<void> {
    const done = this.lastRequest.then(act);
    this.lastRequest = done.catch(() => undefined);
    return done;
  }

  private poll(): void {
    const nowMs = performance.now();
    this.follow(
      this.behindSinceMs !== undefined && nowMs - this.behindSinceMs >= waitMsMax ? 0 : runWordsMin,
    );
    const isWell = !this.isCopying && this.failure === undefined;
    if (settings.keepsHouse && isWell && nowMs - this.keptHouseMs >= houseKeepingMs) {
      this.keptHouseMs = nowMs;
      this.keepHouse(Date.now());
    }
    this.timer = setTimeout(() => {
      this.poll();
    }, pollMs);
  }

  /** Applies while more than `wordsMin` wait. */
  private follow(wordsMin: number): void {
    if (this.isCopying) return;
    this.write(() => {
      for (;;) {
        const waiting = syncedPosition() - this.applied;
        if (waiting === 0) this.behindSinceMs = undefined;
        else this.behindSinceMs ??= performance.now();
        if (waiting <= wordsMin) break;
        this.applyRun();
      }
    });
  }

  /** Changes the tables, and tells when that begins to fail and when it goes again. */
  private write(change: () => void): void {
    try {
      change();
      if (this.failure !== undefined) tell({ kind: 'recovered' });
      this.failure = undefined;
    } catch (error) {
      const failure = failureOf(error);
      if (this.failure === undefined) tell({ kind: 'failing', ...failure });
      this.failure = failure;
    }
  }

  /** Applies payloads up to `runWordsMax` in one transaction. */
  private applyRun(): void {
    const parts: Int32Array[] = [];
    let words = 0;
    let end = this.applied;
    const enough = new Error('enough');
    try {
      this.segments.read(this.applied, syncedPosition(), (payload, position) => {
        if (words > 0 && words + payload.length > runWordsMax) throw enough;
        parts.push(payload.slice());
        words += payload.length;
        end = position + payload.length;
      });
    } catch (error) {
      if (error !== enough) throw error;
    }
    const run = new Int32Array(words);
    let at = 0;
    for (const part of parts) {
      run.set(part, at);
      at += part.length;
    }
    writes.during(() => {
      this.tables.apply(run, end, Date.now());
    });
    this.applied = end;
    this.behindSinceMs = undefined;
    reader.markApplied(end - settings.ringOrigin);
  }

  private keepHouse(nowMs: number): void {
    const { tables } = this;
    this.write(() => {
      writes.during(() => {
        // An `export` that was interrupted.
        tables.forgetDeadReaders();
        // Of no days at all everything is older, also what an earlier server kept.
        tables.expireHistory(nowMs - settings.historyDays * dayMs);
        // A room keeps as many messages as an inbox may.
        tables.trimRooms(inboxMessagesMax);
        tables.forgetRooms();
        // More than the store remembers would be of no use.
        tables.expirePostedKeys({ beforeMs: nowMs - keyLifetimeSeconds * 1_000, keysMax });
      });
    });
  }
}

/** Up to where the journal is on disk. */
function syncedPosition(): number {
  return settings.ringOrigin + reader.synced;
}

function tell(message: TableMessage): void {
  port.postMessage(message);
}

function failureOf(error: unknown): TableFailure {
  if (!(error instanceof Error)) return { code: 'UNEXPECTED', message: String(error) };
  const { code, message } = error as NodeJS.ErrnoException;
  return { code: typeof code === 'string' ? code : 'UNEXPECTED', message };
}

async function main(): Promise<void> {
  const options = { keepHistory: settings.historyDays > 0 };
  const tables = await writes.during(() => Tables.open(dataFolders(settings.folder).tables, options));
  const follower = new TableFollower(tables);
  port.on('message', (request: TableRequest) => {
    if (request.kind === 'stop') {
      void follower.stop();
      return;
    }
    const done = request.kind === 'backup' ? follower.backup(request.target) : follower.catchUp();
    done.then(
      () => {
        tell({ kind: 'done', id: request.id });
      },
      (error: unknown) => {
        tell({ kind: 'done', id: request.id, error: failureOf(error) });
      },
    );
  });
  tell({ kind: 'ready' });
  follower.start();
}

void main();
