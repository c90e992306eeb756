/**
 * The folder of a data directory: makes it where it is missing, and refuses one that cannot be used, in words for the
 * person who named it. That it has one owner at a time is the business of `data-directory.ts`.
 */
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { dataFolders } from '../shared/journal/data-folders';
import { systemFiles } from '../shared/journal/file-layer';
import { codeOf } from './local-socket';
import { exitCode, isStartError, messageOf, StartError } from './start-error';

/** Makes the directory where it is missing, for its owner alone. Throws a `StartError` when it cannot be used. */
export function makeDataFolder(folder: string): void {
  try {
    requireUsableFolder(folder);
    if (!isFolder(folder)) makeFolders(path.resolve(folder));
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  } catch (error) {
    throw refusedBy(folder, error);
  }
}

/**
 * Throws a `StartError` when a directory is another user's: what an operator's command would create in it, its server
 * could not open.
 */
export function requireOwnFiles(folder: string): void {
  const user = process.geteuid?.();
  const owner = ownerOf(folder);
  if (user === undefined || owner === undefined || owner === user) return;
  throw new StartError(
    `the data directory ${folder} belongs to user ${owner}, and this is user ${user}. ` +
      `Run the command as its owner: sudo -u '#${owner}' chat-server …`,
    exitCode.dataUnavailable,
  );
}

/**
 * Throws a `StartError` when what is in the directory's place is not a folder, or is a backup that was cut short: a start
 * would begin anew in it, and nobody would see that all accounts are gone. A directory that is missing is fine.
 */
export function requireUsableFolder(folder: string): void {
  if (!(statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? true))
    throw unusable(folder, new Error('it is not a directory'));
  const { incomplete, tables } = dataFolders(folder);
  if (existsSync(incomplete) && !existsSync(tables))
    throw unusable(
      folder,
      new Error('it is a backup that is not complete. Use another one, or make it again in another folder'),
    );
}

/**
 * The `StartError` for an error of the system: what it says, or the reason for it, which is that the directory is another
 * user's or lies where nothing can be written.
 */
export function refusedBy(folder: string, error: unknown): StartError {
  if (isStartError(error)) return error;
  if (codeOf(error) === 'EROFS') return readOnly(folder);
  try {
    if (deniedCodes.includes(codeOf(error))) requireOwnFiles(folder);
  } catch (reason) {
    if (isStartError(reason)) return reason;
  }
  return unusable(folder, error);
}

/** Owning a directory takes a socket in it, even when all the rest is only read. */
function readOnly(folder: string): StartError {
  return new StartError(
    `the data directory ${folder} is on a file system that can only be read. Copy it to one that can be written, or ` +
      'mount that one so, and try again.',
    exitCode.dataUnavailable,
  );
}

const deniedCodes: readonly unknown[] = ['EACCES', 'EPERM'];

function unusable(folder: string, error: unknown): StartError {
  return new StartError(
    `cannot use the data directory ${folder}: ${messageOf(error)}`,
    exitCode.dataUnavailable,
  );
}

function ownerOf(folder: string): number | undefined {
  try {
    return statSync(folder, { throwIfNoEntry: false })?.uid;
  } catch (error) {
    throw unusable(folder, error);
  }
}

/** Not Node's `recursive`: it would try for ever to make a folder that cannot be made, like one in /proc. */
function makeFolders(folder: string): void {
  const parent = path.dirname(folder);
  if (!isFolder(parent)) makeFolders(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process that starts at the same time has made it first: the socket in it decides whose it is.
    if (!isFolder(folder)) throw error;
  }
  // What is acknowledged in a folder is lost when a power cut takes the folder's own name.
  syncNames(parent);
}

function syncNames(folder: string): void {
  try {
    systemFiles.syncFolder(folder);
  } catch (error) {
    // Folders can be made in one that may be written and not read, but it cannot be opened to be synced.
    if (!deniedCodes.includes(codeOf(error))) throw error;
  }
}

function isFolder(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
