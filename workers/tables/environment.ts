/**
 * LMDB, as far as the tables need it: named tables of bytes by bytes, one writing transaction at a time, synced.
 * The only file that imports the library.
 *
 * What the library does that shapes this file (lmdb 3.5.6):
 * - `transactionSync` without flags returns when the transaction is on disk, provided `overlappingSync` is off.
 * - A folder's name with a dot in it is taken for a file's unless `noSubdir` is false.
 * - It creates its files readable by all; the folder is closed to others, and the files are narrowed after opening.
 * - A value that was read is a copy, because the encoding is `binary`.
 * - A thread that dies inside a writing transaction leaves the whole environment locked, for all of the process. One that
 *   dies while it reads leaves nothing behind: the library ends its reads when the thread's memory is taken down.
 * - Threads of one process that open the same folder share one environment, which the last of them closes.
 * - A process that dies while it reads leaves its place in the lock file, until `forgetDeadReaders`.
 * - What a thread reads in one turn of its event loop is as of the first read, unless `resetReadTxn` is called.
 */
import { chmodSync, existsSync, fsyncSync, mkdirSync, openSync, closeSync } from 'node:fs';
import path from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { DataError, damaged } from './data-error';
import { lengthenDataFile, lookAtDataFile } from './data-file';

const folderMode = 0o700;
const fileMode = 0o600;
/** Address space, not memory: the most that the data can grow to. */
const mapBytesMax = 2 ** 40;
const tablesMax = 32;
const dataFileName = 'data.mdb';
/** `MDB_PAGE_NOTFOUND`, `MDB_CORRUPTED`, `MDB_INVALID` and `MDB_BAD_TXN`, which follows any of them. */
const damageCodes = new Set([-30_797, -30_796, -30_793, -30_782]);
const fileNames = [dataFileName, 'lock.mdb'];

/** Keys from `start` (included) to `end` (not included), in either direction; at most `limit`. */
export interface KeyRange {
  readonly start?: Buffer;
  readonly end?: Buffer;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** One table: keys in byte order. What it hands out are copies, but for `peek`. */
export class Table {
  constructor(
    readonly name: string,
    private readonly database: Database<Buffer, Uint8Array>,
    private readonly isWriting: () => boolean,
  ) {}

  get(key: Uint8Array): Buffer | undefined {
    return this.database.get(key);
  }

  /** The value in the library's own memory: it lasts until anything else is read. */
  peek(key: Uint8Array): Buffer | undefined {
    return this.database.getBinaryFast(key);
  }

  has(key: Uint8Array): boolean {
    return this.database.doesExist(key);
  }

  /** Inside a transaction only. The value may be changed afterwards. */
  put(key: Uint8Array, value: Uint8Array): void {
    this.assertWriting();
    this.database.putSync(key, value as Buffer);
  }

  /** Inside a transaction only. False when there was no such key. */
  remove(key: Uint8Array): boolean {
    this.assertWriting();
    return this.database.removeSync(key);
  }

  keys(range: KeyRange = {}): Iterable<Buffer> {
    return this.database.getKeys(range) as Iterable<Buffer>;
  }

  entries(range: KeyRange = {}): Iterable<Entry> {
    return this.database.getRange(range) as Iterable<Entry>;
  }

  /** In constant time. */
  entryCount(): number {
    return (this.database.getStats() as { entryCount: number }).entryCount;
  }

  private assertWriting(): void {
    if (!this.isWriting()) throw new Error(`a change of the table ${this.name} outside of a transaction`);
  }
}

export class Environment {
  private writing = false;
  /** The file was shorter than the pages it speaks of, and was lengthened: it may have lost its end. */
  readonly wasShort: boolean;

  private constructor(
    readonly folder: string,
    readonly readOnly: boolean,
    private readonly root: RootDatabase<Buffer, Uint8Array>,
    wasShort: boolean,
  ) {
    this.wasShort = wasShort;
  }

  /**
   * Opens the environment in a folder; makes both unless `readOnly`. With `isBesideWriter` another thread of this process
   * has it open to write: it has looked at the file, which may be shorter for a moment while it commits.
   * @throws `DATA_MISSING`, `DATA_DAMAGED`
   */
  static open(folder: string, readOnly: boolean, isBesideWriter = false): Environment {
    const file = path.join(folder, dataFileName);
    if (!readOnly) mkdirSync(folder, { recursive: true, mode: folderMode });
    const look = isBesideWriter ? undefined : lookAtDataFile(file);
    if (readOnly && !isBesideWriter && look === undefined)
      throw new DataError('DATA_MISSING', `no data in ${folder}`);
    const wasShort = look !== undefined && look.sizeBytes < look.pagesEndBytes;
    if (wasShort) {
      if (readOnly) throw damaged(`${file} ends early`);
      lengthenDataFile(file, look.pagesEndBytes);
    }
    const root = open<Buffer, Uint8Array>({
      path: folder,
      noSubdir: false,
      overlappingSync: false,
      mapSize: mapBytesMax,
      maxDbs: tablesMax,
      encoding: 'binary',
      keyEncoding: 'binary',
      readOnly,
    });
    if (!readOnly) narrow(folder);
    return new Environment(folder, readOnly, root, wasShort);
  }

  /**
   * A table by name; made when it is not there, unless read-only.
   * @throws `DATA_DAMAGED` when it is not there and cannot be made.
   */
  table(name: string): Table {
    const options = { encoding: 'binary', keyEncoding: 'binary' } as const;
    const database = this.root.openDB<Buffer, Uint8Array>(name, options) as
      Database<Buffer, Uint8Array> | undefined;
    if (database === undefined) throw damaged(`the table ${name} is missing in ${this.folder}`);
    return new Table(name, database, () => this.writing);
  }

  /**
   * Carries out changes in one transaction, whole or not at all; returns when it is on disk.
   * @throws `DATA_WRITE_FAILED` when the disk refuses; whatever `change` throws. Either way nothing has changed.
   */
  write<Result>(change: () => Result): Result {
    const progress = { changed: false };
    try {
      return this.root.transactionSync(() => {
        this.writing = true;
        const result = change();
        progress.changed = true;
        return result;
      });
    } catch (error) {
      if (error instanceof DataError) throw error;
      if (isDamage(error)) throw damaged(`the data in ${this.folder} is damaged: ${String(error)}`, error);
      if (this.writing && !progress.changed && lmdbCode(error) === undefined) throw error;
      throw new DataError('DATA_WRITE_FAILED', `cannot write to ${this.folder}: ${String(error)}`, {
        cause: error,
      });
    } finally {
      this.writing = false;
      this.keepFileLength();
    }
  }

  /** What is read from here on is as of now. Without it, reads of one turn of the event loop are as of one moment. */
  refresh(): void {
    this.root.resetReadTxn();
  }

  /**
   * Lets go of what dead processes were reading: pages that they could see are not used again until then, and the file
   * grows. The library itself does it only when the environment is opened.
   */
  forgetDeadReaders(): void {
    this.root.readerCheck();
  }

  /** Copies the environment, as of one moment, to a folder that holds none; returns when the copy is on disk. */
  async backup(target: string): Promise<void> {
    mkdirSync(target, { recursive: true, mode: folderMode });
    const copy = path.join(target, dataFileName);
    if (existsSync(copy)) throw new DataError('DATA_EXISTS', `${target} holds data already`);
    await this.root.backup(target, true);
    chmodSync(copy, fileMode);
    for (const name of [copy, target]) syncToDisk(name);
  }

  async close(): Promise<void> {
    await this.root.close();
  }

  /**
   * LMDB may count pages at the file's end that it took and gave back without writing them. The file is kept as long
   * as it says, so that one that has really lost its end is known at the next opening.
   */
  private keepFileLength(): void {
    const file = path.join(this.folder, dataFileName);
    const look = lookAtDataFile(file);
    if (look !== undefined && look.sizeBytes < look.pagesEndBytes) lengthenDataFile(file, look.pagesEndBytes);
  }
}

/** LMDB says that what it reads cannot be what it wrote. */
export function isDamage(error: unknown): boolean {
  return damageCodes.has(lmdbCode(error) ?? 0);
}

/** The library's errors have a number for a code. */
function lmdbCode(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : undefined;
}

function narrow(folder: string): void {
  chmodSync(folder, folderMode);
  for (const name of fileNames) chmodSync(path.join(folder, name), fileMode);
}

function syncToDisk(name: string): void {
  const descriptor = openSync(name, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
