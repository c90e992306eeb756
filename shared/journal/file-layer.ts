/**
 * The few things that the journal asks of a filesystem, so that tests can put one in its place that fails, or that
 * loses its power. All of them block, and throw what the system says.
 */
import fs from 'node:fs';
import path from 'node:path';

export interface FileLayer {
  /** Creates a folder for its owner alone, unless it is there. Its parent must exist. */
  makeFolder(folder: string): void;
  /** The names in a folder, in no order. */
  list(folder: string): string[];
  /** Undefined when there is no such file. */
  sizeBytes(file: string): number | undefined;
  /** Creates a file for its owner alone, to write. @throws EEXIST when it is there. */
  create(file: string): number;
  open(file: string, purpose: 'read' | 'write'): number;
  close(descriptor: number): void;
  /** @returns how many bytes were written, which may be fewer than given. */
  write(descriptor: number, bytes: Uint8Array, offsetBytes: number): number;
  /** @returns how many bytes were read, fewer than asked for at the end of the file. */
  read(descriptor: number, bytes: Uint8Array, offsetBytes: number): number;
  /** Brings a file's contents, and its size, to disk. */
  syncData(descriptor: number): void;
  /** Brings to disk which names a folder has. */
  syncFolder(folder: string): void;
  rename(from: string, to: string): void;
  remove(file: string): void;
}

export const systemFiles: FileLayer = {
  makeFolder(folder) {
    if (!fs.existsSync(folder)) fs.mkdirSync(folder, { mode: 0o700 });
    // Always: a process that was killed in between may have left a folder that is not on disk.
    systemFiles.syncFolder(path.dirname(folder));
  },
  list: (folder) => fs.readdirSync(folder),
  sizeBytes: (file) => fs.statSync(file, { throwIfNoEntry: false })?.size,
  create: (file) => fs.openSync(file, 'wx+', 0o600),
  open: (file, purpose) => fs.openSync(file, purpose === 'read' ? 'r' : 'r+'),
  close: (descriptor) => {
    fs.closeSync(descriptor);
  },
  write: (descriptor, bytes, offsetBytes) => fs.writeSync(descriptor, bytes, 0, bytes.length, offsetBytes),
  read: (descriptor, bytes, offsetBytes) => fs.readSync(descriptor, bytes, 0, bytes.length, offsetBytes),
  syncData: (descriptor) => {
    fs.fdatasyncSync(descriptor);
  },
  syncFolder(folder) {
    const descriptor = fs.openSync(folder, 'r');
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  },
  rename: (from, to) => {
    fs.renameSync(from, to);
  },
  remove: (file) => {
    fs.unlinkSync(file);
  },
};

/** Writes all of `bytes`. @throws when the system takes none of them without saying why. */
export function writeWhole(
  files: FileLayer,
  descriptor: number,
  bytes: Uint8Array,
  offsetBytes: number,
): void {
  let doneBytes = 0;
  while (doneBytes < bytes.length) {
    const writtenBytes = files.write(descriptor, bytes.subarray(doneBytes), offsetBytes + doneBytes);
    if (writtenBytes <= 0) throw new Error(`none of ${bytes.length - doneBytes} bytes were written`);
    doneBytes += writtenBytes;
  }
}

const zeros = new Uint8Array(1024 * 1024);

/** Writes zeros from one offset on to another: afterwards the file has blocks there. */
export function writeZeros(files: FileLayer, descriptor: number, fromBytes: number, toBytes: number): void {
  for (let at = fromBytes; at < toBytes; at += zeros.length)
    writeWhole(files, descriptor, zeros.subarray(0, Math.min(zeros.length, toBytes - at)), at);
}

/** Fills `bytes` as far as the file goes. @returns how many bytes there were. */
export function readWhole(
  files: FileLayer,
  descriptor: number,
  bytes: Uint8Array,
  offsetBytes: number,
): number {
  let doneBytes = 0;
  while (doneBytes < bytes.length) {
    const readBytes = files.read(descriptor, bytes.subarray(doneBytes), offsetBytes + doneBytes);
    if (readBytes === 0) break;
    doneBytes += readBytes;
  }
  return doneBytes;
}
