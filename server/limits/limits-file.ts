/**
 * Keeps the limits in the data directory, so that a restart forgives nobody: a file of JSON lines, written as a whole
 * beside the old one and then put in its place. A head, rows, and a last line that says how many: by that a file that is
 * cut is known. What is damaged is ignored, with a warning: counting begins anew, and nothing else depends on it.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { dataFolders } from '../../shared/journal/data-folders';
import type { Logger } from '../logger';
import { isLimitRow, type LimitRow, limitRows, restoreRow } from './limit-rows';
import type { Limits } from './limits';

const version = 1;
const saveIntervalMs = 10_000;
/** Rows written between two looks at what else there is to do: a fraction of a millisecond. */
const rowsPerWrite = 256;
/** More than all rows there can be. */
const fileBytesMax = 33_554_432;

export class LimitsFile {
  private readonly file: string;
  private timer: NodeJS.Timeout | undefined;
  private saving: Promise<void> = Promise.resolve();
  /** `Limits.changes` when they were last saved. */
  private savedChanges = 0;

  constructor(
    folder: string,
    private readonly limits: Limits,
    private readonly log: Logger,
  ) {
    this.file = dataFolders(folder).limits;
  }

  /** Takes up what an earlier process has left, if it left anything. */
  load(): void {
    try {
      const text = readBounded(this.file);
      if (text !== undefined) this.restore(text);
    } catch (error) {
      this.log.warn({ err: error, file: this.file }, 'the limits are counted anew: their file is damaged');
    }
    this.savedChanges = this.limits.changes;
  }

  /** From now on saves what has changed, a few seconds later. */
  start(): void {
    this.timer = setInterval(() => {
      void this.save();
    }, saveIntervalMs);
  }

  /** Saves for the last time. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.save();
  }

  /** Saves what has changed. Never rejects: limits that are not saved are no reason to stop. */
  private save(): Promise<void> {
    this.saving = this.saving.then(async () => {
      const { changes } = this.limits;
      if (changes === this.savedChanges) return;
      try {
        await this.write();
        this.savedChanges = changes;
      } catch (error) {
        this.log.warn({ err: error, file: this.file }, 'the limits were not saved');
      }
    });
    return this.saving;
  }

  private async write(): Promise<void> {
    const { limits } = this;
    const next = `${this.file}.new`;
    await rm(next, { force: true });
    const handle = await open(next, 'wx', 0o600);
    try {
      const head = { benang: 'limits', version, nameKey: limits.passwords.nameKeyHex };
      await handle.appendFile(`${JSON.stringify(head)}\n`);
      let rowCount = 0;
      for (const rows of inPieces(limitRows(limits))) {
        await handle.appendFile(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
        rowCount += rows.length;
      }
      await handle.appendFile(`${JSON.stringify({ rows: rowCount })}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, this.file);
    await syncFolder(path.dirname(this.file));
  }

  private restore(text: string): void {
    const [head, ...lines] = text.trimEnd().split('\n');
    const { benang, version: fileVersion, nameKey } = JSON.parse(head ?? '') as Record<string, unknown>;
    if (benang !== 'limits' || fileVersion !== version || !isNameKey(nameKey))
      throw new Error('its head is not that of a file of limits of this version');
    const { rows: rowCount } = JSON.parse(lines.pop() ?? '') as Record<string, unknown>;
    if (rowCount !== lines.length) throw new Error(`it has ${lines.length} rows, not ${String(rowCount)}`);
    // All are read before the first is taken up: a file counts whole or not at all.
    const rows = lines.map((line) => {
      const row: unknown = JSON.parse(line);
      if (!isLimitRow(row)) throw new Error('one of its rows is no row');
      return row;
    });
    this.limits.passwords.nameKeyHex = nameKey;
    for (const row of rows) restoreRow(this.limits, row);
  }
}

function isNameKey(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

/** Undefined when there is no such file. */
function readBounded(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size > fileBytesMax) throw new Error(`it is longer than ${fileBytesMax} bytes`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function* inPieces(rows: Iterable<LimitRow>): Generator<LimitRow[]> {
  let piece: LimitRow[] = [];
  for (const row of rows) {
    piece.push(row);
    if (piece.length < rowsPerWrite) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** After this the new name is on disk too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
