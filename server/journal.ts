/**
 * The threads that keep the data: the journal thread, which first loads the store, and the table thread. Both are
 * outside the pools, both end by themselves, and both are replaced when they die. While there is no journal thread no
 * change is acknowledged; the next one goes on from the last durable position.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type {
  Durability,
  JournalMessage,
  JournalSettings,
  LoadSummary,
  TableFailure,
  TableMessage,
  TableRequest,
  TableSettings,
} from '../shared/journal/journal-messages';
import { JournalReader, stopJournal } from '../shared/store/journal-reader';
import { Memory } from '../shared/store/memory';
import { TableWrites } from '../shared/store/table-writes';
import { KeptThread, type ThreadRole } from './kept-thread';
import type { Logger } from './logger';
import { exitCode, StartError } from './start-error';

export interface JournalOptions {
  readonly store: SharedArrayBuffer;
  readonly folder: string;
  readonly durability: Durability;
  readonly historyDays: number;
  readonly keepsHouse: boolean;
}

/** How long the tables may take to end; what they have not taken over is in the journal. */
const tablesEndMsMax = 15_000;
/** How often to look whether a write of the tables comes to an end, and when it is taken for one that never will. */
const lookIntervalMs = 5_000;
const stuckMs = 120_000;
/** How long the end of the process waits for the write under way. */
const lastWriteMsMax = 5_000;

export interface JournalHost {
  readonly log: Logger;
  /** The data can be kept no more. */
  readonly onFatal: (error: Error) => void;
  /** The server is to be stopped: what it acknowledges is kept, but it cannot go on like this for long. */
  readonly onUnsound: (error: Error) => void;
}

interface Load {
  readonly onProgress: (rows: number) => void;
  readonly resolve: (summary: LoadSummary) => void;
  readonly reject: (error: Error) => void;
}

const tableThreadDied = 'TABLE_THREAD_DIED';

export class Journal {
  private readonly journalThread: KeptThread<JournalMessage>;
  private readonly tableThread: KeptThread<TableMessage>;
  private readonly writes: TableWrites;
  private readonly reader: JournalReader;
  private load: Load | undefined;
  private summary: LoadSummary | undefined;
  private isStopping = false;
  private watch: NodeJS.Timeout | undefined;
  private readonly requests = new Map<number, (error: TableFailure | undefined) => void>();
  private lastRequest = 0;

  constructor(
    private readonly options: JournalOptions,
    private readonly host: JournalHost,
  ) {
    const memory = new Memory(options.store);
    this.writes = new TableWrites(memory);
    this.reader = new JournalReader(memory);
    this.journalThread = new KeptThread(this.createJournalRole(), host.log);
    this.tableThread = new KeptThread(this.createTableRole(), host.log);
  }

  /** Loads the store from the disk and starts to keep what changes. `onProgress` hears how many rows are loaded. */
  start(onProgress: (rows: number) => void): Promise<LoadSummary> {
    process.once('exit', this.endWrites);
    return new Promise((resolve, reject) => {
      this.load = { onProgress, resolve, reject };
      this.journalThread.start();
    });
  }

  /** Copies all that is on disk to an empty or missing folder, as of one moment, while the server goes on. */
  backup(target: string): Promise<void> {
    return this.ask((id) => ({ kind: 'backup', id, target }));
  }

  /** Brings into the tables all that is on disk now. */
  catchUp(): Promise<void> {
    return this.ask((id) => ({ kind: 'catchUp', id }));
  }

  /** Brings what is published to disk and ends the threads. */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.watch);
    if (this.load === undefined) return;
    stopJournal(new Memory(this.options.store));
    await this.journalThread.whenEnded();
    this.tableThread.tell({ kind: 'stop' });
    this.tableThread.letGo();
    const ended = this.tableThread.whenEnded().then(() => true);
    if (!(await Promise.race([ended, delay(tablesEndMsMax, false, { ref: false })]))) {
      this.host.log.error('the table thread does not end; the journal has all that the tables have not');
      return;
    }
    process.off('exit', this.endWrites);
  }

  private createJournalRole(): ThreadRole<JournalMessage> {
    const { store, folder, durability } = this.options;
    return {
      name: 'journal',
      entryPoint: 'journal-worker.js',
      settings: (): JournalSettings => {
        const settings = { store, folder, durability };
        return this.summary === undefined ? settings : { ...settings, ringOrigin: this.summary.endPosition };
      },
      position: () => this.reader.durable,
      onMessage: (message) => {
        this.hearJournal(message);
      },
      onDeath: (reason) => {
        if (this.summary === undefined)
          this.fail(
            new StartError(`the data was not loaded: its thread died: ${reason}`, exitCode.unexpected),
          );
        return this.summary !== undefined;
      },
      onGivenUp: (reason) => {
        const why = `the journal thread has died, and so have three others that took its place (${reason}). `;
        const what = 'Nothing acknowledged is lost: it is on disk, and the next start finds it.';
        this.fail(new StartError(why + what, exitCode.unexpected));
      },
    };
  }

  private createTableRole(): ThreadRole<TableMessage> {
    const { store, folder, historyDays, keepsHouse } = this.options;
    return {
      name: 'tables',
      entryPoint: 'table-worker.js',
      settings: (): TableSettings => ({
        store,
        folder,
        historyDays,
        keepsHouse,
        ringOrigin: this.summary!.endPosition,
      }),
      position: () => this.reader.applied,
      onMessage: (message) => {
        this.hearTables(message);
      },
      onDeath: (reason) => {
        const failure = { code: tableThreadDied, message: `the table thread died: ${reason}` };
        for (const settle of this.requests.values()) settle(failure);
        this.requests.clear();
        this.writes.forget();
        return true;
      },
      onGivenUp: (reason) => {
        this.giveTablesUp(
          `the table thread has died, and so have three others that took its place (${reason})`,
        );
      },
    };
  }

  private hearJournal(message: JournalMessage): void {
    const { log } = this.host;
    switch (message.kind) {
      case 'progress':
        this.load?.onProgress(message.rows);
        return;
      case 'loaded':
        this.summary = message.summary;
        if (!this.isStopping) this.startTables();
        this.load?.resolve(message.summary);
        return;
      case 'failed':
        // Afterwards another thread may succeed; not so when the server stops.
        if (this.summary === undefined || this.isStopping)
          this.fail(startError(this.options.folder, message.code, message.message));
        return;
      case 'failing':
        log.error(
          { code: message.code, reason: message.message },
          'the disk takes nothing: changes are refused',
        );
        return;
      case 'recovered':
        log.warn('the disk is back: changes are taken again');
        return;
      case 'ready':
      case 'stopped':
    }
  }

  private hearTables(message: TableMessage): void {
    const { log } = this.host;
    if (message.kind === 'failing') {
      log.error(
        { code: message.code, reason: message.message },
        'the tables cannot be written; the journal grows',
      );
    } else if (message.kind === 'recovered') {
      log.warn('the tables are written again');
    } else if (message.kind === 'done') {
      this.requests.get(message.id)?.(message.error);
      this.requests.delete(message.id);
    }
  }

  private fail(error: Error): void {
    this.load?.reject(error);
    this.host.onFatal(error);
  }

  /** A thread that dies inside LMDB does not even exit: only that its write never ends can be seen. */
  private startTables(): void {
    this.tableThread.start();
    let seen: number | undefined;
    let sinceMs = performance.now();
    this.watch = setInterval(() => {
      const { underWay } = this.writes;
      if (underWay !== seen || underWay === undefined) {
        seen = underWay;
        sinceMs = performance.now();
      } else if (performance.now() - sinceMs >= stuckMs) {
        clearInterval(this.watch);
        this.giveTablesUp(`a write of the tables has not ended for ${stuckMs / 1_000} s`);
      }
    }, lookIntervalMs).unref();
  }

  private giveTablesUp(why: string): void {
    this.host.onUnsound(
      new StartError(
        `${why}; the journal would grow without end. Nothing acknowledged is lost: the next start goes on from it.`,
        exitCode.unexpected,
      ),
    );
  }

  /** At the end of the process: see `table-writes.ts`. */
  private readonly endWrites = (): void => {
    if (this.writes.forbid(lastWriteMsMax)) return;
    this.host.log.fatal(
      'a write of the tables does not end, so the process kills itself; the journal has everything',
    );
    process.kill(process.pid, 'SIGKILL');
  };

  private ask(createRequest: (id: number) => TableRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = (this.lastRequest += 1);
      this.requests.set(id, (error) => {
        if (error === undefined) resolve();
        else reject(requestError(error));
      });
      if (this.tableThread.tell(createRequest(id))) return;
      this.requests.delete(id);
      reject(
        requestError({ code: tableThreadDied, message: 'the table thread is being replaced: try again' }),
      );
    });
  }
}

/** Why a request to the tables failed. What the person asked for can be wrong, or the disk. */
function requestError({ code, message }: TableFailure): StartError {
  if (code === 'BACKUP_TARGET') return new StartError(message, exitCode.badUsage);
  if (code === 'BACKUP_FAILED') return new StartError(message, exitCode.unexpected);
  const error = new StartError(`${message} (${code})`, exitCode.unexpected);
  return code === tableThreadDied ? Object.assign(error, { isPassing: true }) : error;
}

/** Whether what was asked of the tables may succeed in a moment: their thread was replaced meanwhile. */
export function isPassing(error: unknown): boolean {
  return error instanceof Error && 'isPassing' in error;
}

/** What is wrong with the data, in words for the person who starts the server. */
function startError(folder: string, code: string, message: string): StartError {
  if (code === 'STORE_TOO_SMALL') return new StartError(message, exitCode.badUsage);
  return new StartError(
    `the data in ${folder} cannot be used: ${message} (${code})`,
    exitCode.dataUnavailable,
  );
}
