/**
 * The threads that keep the data: the journal thread, which first loads the store, and the table thread. Both are
 * outside the pools, and both end by themselves.
 */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
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
import { stopJournal } from '../shared/store/journal-reader';
import { Memory } from '../shared/store/memory';
import type { Logger } from './logger';
import { exitCode, StartError } from './start-error';
import { workersFolder } from './workers-folder';

export interface JournalOptions {
  readonly store: SharedArrayBuffer;
  readonly folder: string;
  readonly durability: Durability;
  readonly historyDays: number;
}

export class Journal {
  private journalThread: Worker | undefined;
  private tableThread: Worker | undefined;
  private readonly requests = new Map<number, (error: TableFailure | undefined) => void>();
  private lastRequest = 0;

  /** @param onFatal The data can be kept no more. */
  constructor(
    private readonly options: JournalOptions,
    private readonly log: Logger,
    private readonly onFatal: (error: Error) => void,
  ) {}

  /** Loads the store from the disk and starts to keep what changes. `onProgress` hears how many rows are loaded. */
  async start(onProgress: (rows: number) => void): Promise<LoadSummary> {
    const { store, folder, durability, historyDays } = this.options;
    const settings: JournalSettings = { store, folder, durability };
    this.journalThread = new Worker(path.join(workersFolder, 'journal-worker.js'), { workerData: settings });
    const summary = await this.whenLoaded(this.journalThread, onProgress);
    const { appliedPosition, endPosition } = summary;
    const tableSettings: TableSettings = { store, folder, appliedPosition, endPosition, historyDays };
    this.tableThread = new Worker(path.join(workersFolder, 'table-worker.js'), { workerData: tableSettings });
    this.watchTables(this.tableThread);
    return summary;
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
    const { journalThread, tableThread } = this;
    if (journalThread !== undefined) {
      const ended = whenExited(journalThread);
      stopJournal(new Memory(this.options.store));
      await ended;
    }
    if (tableThread !== undefined) {
      const ended = whenExited(tableThread);
      this.tell({ kind: 'stop' });
      await ended;
    }
  }

  private ask(createRequest: (id: number) => TableRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = (this.lastRequest += 1);
      this.requests.set(id, (error) => {
        if (error === undefined) resolve();
        else reject(requestError(error));
      });
      this.tell(createRequest(id));
    });
  }

  private whenLoaded(thread: Worker, onProgress: (rows: number) => void): Promise<LoadSummary> {
    return new Promise((resolve, reject) => {
      const { folder } = this.options;
      thread.on('message', (message: JournalMessage) => {
        switch (message.kind) {
          case 'progress':
            onProgress(message.rows);
            return;
          case 'loaded':
            resolve(message.summary);
            return;
          case 'failed':
            reject(startError(folder, message.code, message.message));
            this.onFatal(startError(folder, message.code, message.message));
            return;
          case 'failing':
            this.log.error(
              { code: message.code, reason: message.message },
              'the disk takes nothing: changes are refused',
            );
            return;
          case 'recovered':
            this.log.warn('the disk is back: changes are taken again');
            return;
          case 'stopped':
        }
      });
      thread.on('error', (error) => {
        reject(error);
        this.onFatal(error);
      });
    });
  }

  private watchTables(thread: Worker): void {
    thread.on('message', (message: TableMessage) => {
      if (message.kind === 'failing') {
        this.log.error(
          { code: message.code, reason: message.message },
          'the tables cannot be written; the journal grows',
        );
      } else if (message.kind === 'recovered') {
        this.log.warn('the tables are written again');
      } else if (message.kind === 'done') {
        this.requests.get(message.id)?.(message.error);
        this.requests.delete(message.id);
      }
    });
    thread.on('error', this.onFatal);
  }

  private tell(request: TableRequest): void {
    this.tableThread!.postMessage(request);
  }
}

function whenExited(thread: Worker): Promise<void> {
  return new Promise((resolve) => {
    thread.once('exit', () => {
      resolve();
    });
  });
}

/** Why a request to the tables failed. What the person asked for can be wrong, or the disk. */
function requestError({ code, message }: TableFailure): StartError {
  if (code === 'BACKUP_TARGET') return new StartError(message, exitCode.badUsage);
  return new StartError(`${message} (${code})`, exitCode.unexpected);
}

/** What is wrong with the data, in words for the person who starts the server. */
function startError(folder: string, code: string, message: string): StartError {
  if (code === 'STORE_TOO_SMALL') return new StartError(message, exitCode.badUsage);
  return new StartError(
    `the data in ${folder} cannot be used: ${message} (${code})`,
    exitCode.dataUnavailable,
  );
}
