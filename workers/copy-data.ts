/**
 * A backup: the tables as of one moment, and the journal from there on, made into a data directory of its own.
 *
 * ```
 *   DIR/incomplete/tables, DIR/incomplete/journal ──all on disk──▶ DIR/journal, then DIR/tables
 * ```
 *
 * Whatever ends the copying in between, what is there does not pass for a data directory: one that is `incomplete` and
 * has no tables is refused.
 */
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { dataFolders } from '../shared/journal/data-folders';
import { systemFiles } from '../shared/journal/file-layer';
import { SegmentLog } from '../shared/journal/segment-log';
import type { SegmentReader } from '../shared/journal/segment-reader';

const folderMode = 0o700;

export interface CopySource {
  /** The data directory. */
  readonly folder: string;
  /** Copies them as of one moment; returns when the copy is on disk. */
  readonly tables: { readonly backup: (target: string) => Promise<void> };
  readonly segments: SegmentReader;
  /** Where the tables are, which they must stay at until the copy is made. */
  readonly applied: number;
  /** Asked once the tables are copied: up to where the journal is on disk then. */
  readonly durable: () => number;
}

/** Why a target does not do. */
class TargetError extends Error {
  readonly code = 'BACKUP_TARGET';
}

/** Why a copy could not be made, though its target does. */
class CopyError extends Error {
  readonly code = 'BACKUP_FAILED';
}

/**
 * Copies the data to a folder that is missing or empty; returns when the copy is on disk. What was acknowledged before
 * the call is in it.
 * @throws `BACKUP_TARGET` or `BACKUP_FAILED`; the folder is then as empty as it was.
 */
export async function copyData(source: CopySource, target: string): Promise<void> {
  prepareTarget(source.folder, target);
  const incomplete = claimTarget(target);
  try {
    const copy = dataFolders(incomplete);
    await source.tables.backup(copy.tables);
    copyJournal(source, copy.journal);
    const complete = dataFolders(target);
    systemFiles.syncFolder(incomplete);
    renameSync(copy.journal, complete.journal);
    systemFiles.syncFolder(target);
    renameSync(copy.tables, complete.tables);
    rmdirSync(incomplete);
    systemFiles.syncFolder(target);
    systemFiles.syncFolder(path.dirname(target));
  } catch (error) {
    for (const name of [incomplete, dataFolders(target).tables, dataFolders(target).journal])
      rmSync(name, { recursive: true, force: true });
    throw new CopyError(`cannot copy to ${target}: ${(error as Error).message}. What was copied is removed.`);
  }
}

function prepareTarget(folder: string, target: string): void {
  if (isWithin(realpathSync(folder), followLinks(target)))
    throw new TargetError(`${target} is in the data directory itself. Choose a folder outside of it.`);
  let names: string[] = [];
  try {
    if (existsSync(target)) names = readdirSync(target);
    // Not `recursive`: Node would try for ever to make a folder that cannot be made, like one in /proc.
    else mkdirSync(target, { mode: folderMode });
  } catch (error) {
    throw new TargetError(
      `cannot use ${target}: ${(error as Error).message}. The folder it is in must exist, ` +
        'and the server must be allowed to write there.',
    );
  }
  if (names.length > 0) throw notEmpty(target);
}

function isWithin(folder: string, target: string): boolean {
  const relative = path.relative(folder, target);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`);
}

/** Where a folder that may be missing would really be. */
function followLinks(target: string): string {
  if (existsSync(target)) return realpathSync(target);
  const parent = path.dirname(target);
  return existsSync(parent) ? path.join(realpathSync(parent), path.basename(target)) : target;
}

/**
 * Makes the folder that the copy is made in, which only one can. Another copy to the same target may have begun since
 * the look at it, or may even be complete: it stays as it is.
 */
function claimTarget(target: string): string {
  const { incomplete } = dataFolders(target);
  try {
    mkdirSync(incomplete, { mode: folderMode });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? notEmpty(target) : error;
  }
  if (readdirSync(target).length === 1) return incomplete;
  rmdirSync(incomplete);
  throw notEmpty(target);
}

function notEmpty(target: string): TargetError {
  return new TargetError(`${target} is not empty. Name a folder that is missing or empty.`);
}

function copyJournal({ segments, applied, durable }: CopySource, folder: string): void {
  const log = SegmentLog.open(folder, { startPosition: applied });
  try {
    segments.read(applied, durable(), (payload) => {
      log.append([new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)]);
    });
    log.sync();
  } finally {
    log.close();
  }
}
