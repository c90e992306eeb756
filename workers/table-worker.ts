/**
 * Entry point of the table thread: follows the journal's files and brings the tables up to date in bulk, at a low
 * priority. Only it writes LMDB. It must end by itself: a thread that is killed inside a write transaction wedges the
 * whole environment.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { dataFolders } from '../shared/journal/data-folders';
import type { TableMessage, TableRequest, TableSettings } from '../shared/journal/journal-messages';
import { SegmentReader } from '../shared/journal/segment-reader';
import { JournalReader } from '../shared/store/journal-reader';
import { Memory } from '../shared/store/memory';
import { Tables } from './tables/tables';

/** On Linux a priority belongs to a thread; see `hash-worker.ts`. */
const tablePriority = 10;
/** How often the thread looks whether there is work. */
const pollMs = 1_000;
/** Work of this size is done at once… */
const runWordsMin = 1_048_576;
/** …and a smaller piece when it has waited this long: it shortens the next start. */
const waitMsMax = 10_000;
/** What one transaction takes at most. */
const runWordsMax = 4_194_304;
const houseKeepingMs = 60_000;
const dayMs = 86_400_000;

if (process.platform === 'linux') setPriority(0, tablePriority);

const settings = workerData as TableSettings;
const port = parentPort!;

class TableFollower {
  private readonly reader = new JournalReader(new Memory(settings.store));
  private readonly segments = new SegmentReader(dataFolders(settings.folder).journal);
  private applied = settings.appliedPosition;
  /** The durable position, in full and as the ring counts it. */
  private durable = settings.endPosition;
  private durableInRing = 0;
  private behindSinceMs: number | undefined;
  private keptHouseMs = 0;
  private isFailing = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly tables: Tables) {}

  start(): void {
    this.poll();
  }

  /** Takes over what is on disk, and ends. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.follow(0);
    this.segments.close();
    await this.tables.close();
    tell({ kind: 'stopped' });
    port.close();
  }

  backup(target: string): Promise<void> {
    return this.tables.backup(target);
  }

  private poll(): void {
    const nowMs = Date.now();
    this.follow(
      this.behindSinceMs !== undefined && nowMs - this.behindSinceMs >= waitMsMax ? 0 : runWordsMin,
    );
    if (nowMs - this.keptHouseMs >= houseKeepingMs) {
      this.keptHouseMs = nowMs;
      this.keepHouse(nowMs);
    }
    this.timer = setTimeout(() => {
      this.poll();
    }, pollMs);
  }

  /** Applies while more than `wordsMin` wait. */
  private follow(wordsMin: number): void {
    try {
      for (;;) {
        const durableInRing = this.reader.durable;
        this.durable += (durableInRing - this.durableInRing) | 0;
        this.durableInRing = durableInRing;
        const waiting = this.durable - this.applied;
        if (waiting === 0) this.behindSinceMs = undefined;
        else this.behindSinceMs ??= Date.now();
        if (waiting <= wordsMin) break;
        this.applyRun();
      }
      if (this.isFailing) tell({ kind: 'recovered' });
      this.isFailing = false;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!this.isFailing) tell({ kind: 'failing', code: code ?? 'UNEXPECTED', message });
      this.isFailing = true;
    }
  }

  /** Applies payloads up to `runWordsMax` in one transaction. */
  private applyRun(): void {
    const parts: Int32Array[] = [];
    let words = 0;
    let end = this.applied;
    const enough = new Error('enough');
    try {
      this.segments.read(this.applied, this.durable, (payload, position) => {
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
    this.tables.apply(run, end, Date.now());
    this.applied = end;
    this.behindSinceMs = undefined;
    this.reader.markApplied((this.durableInRing - (this.durable - end)) | 0);
  }

  private keepHouse(nowMs: number): void {
    if (settings.historyDays > 0) this.tables.expireHistory(nowMs - settings.historyDays * dayMs);
  }
}

function tell(message: TableMessage): void {
  port.postMessage(message);
}

async function main(): Promise<void> {
  const tables = await Tables.open(dataFolders(settings.folder).tables, {
    keepHistory: settings.historyDays > 0,
  });
  const follower = new TableFollower(tables);
  port.on('message', (request: TableRequest) => {
    if (request.kind === 'stop') {
      void follower.stop();
      return;
    }
    follower.backup(request.target).then(
      () => {
        tell({ kind: 'done', id: request.id });
      },
      (error: unknown) => {
        tell({ kind: 'done', id: request.id, error: error instanceof Error ? error.message : String(error) });
      },
    );
  });
  follower.start();
}

void main();
