/** Folders for data on a disk, gone at the end whatever happens; how large they are; what a process has written. */
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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

/** Bytes that a process has sent to the disk; NaN where the system does not tell. */
export function writtenBytes(pid: number): number {
  const file = `/proc/${pid}/io`;
  if (!existsSync(file)) return NaN;
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(file, 'latin1'))?.[1]);
}
