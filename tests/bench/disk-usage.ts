/** Folders for data on a disk, gone at the end whatever happens; how large they are; what a process has written. */
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

/** POSIX counts what files take in blocks of this size. */
const blockBytes = 512;

const folders = new Set<string>();

process.on('exit', () => {
  for (const folder of folders) removeFolder(folder);
});

/** The working directory is on disk, which the system's folder for temporary files need not be. */
export function makeFolder(): string {
  const folder = mkdtempSync(path.join(process.cwd(), '.bench-'));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** What the files below a folder take on the disk. */
export function folderBytes(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += lstatSync(path.join(entry.parentPath, entry.name)).blocks * blockBytes;
  return bytes;
}

/**
 * Bytes that a process has handed to write calls; NaN where the system does not tell. What Linux calls `write_bytes`
 * counts a megabyte for a few bytes where a file system keeps files in large pieces of memory, as ext4 does since 6.16.
 */
export function writtenBytes(pid: number): number {
  return readWritten(`/proc/${pid}/io`);
}

/** The same of all its threads but the main one, which has the sockets. */
export function writtenByThreads(pid: number): number {
  const folder = `/proc/${pid}/task`;
  if (!existsSync(folder)) return NaN;
  const threads = readdirSync(folder).filter((thread) => thread !== String(pid));
  return threads.reduce((sum, thread) => sum + readWritten(`${folder}/${thread}/io`), 0);
}

/** Bytes written to the disk that a folder is on, by anybody, since the system started; NaN where it does not tell. */
export function deviceBytes(folder: string): number {
  if (!existsSync('/proc/diskstats')) return NaN;
  const { dev } = statSync(folder);
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  const lines = readFileSync('/proc/diskstats', 'latin1').split('\n');
  const fields = lines.map((line) => line.trim().split(/\s+/));
  const device = fields.find(([first, second]) => Number(first) === major && Number(second) === minor);
  return Number(device?.[9]) * blockBytes;
}

function readWritten(file: string): number {
  if (!existsSync(file)) return NaN;
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(file, 'latin1'))?.[1]);
}
