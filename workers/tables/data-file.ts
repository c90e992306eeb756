/**
 * A look at LMDB's data file before LMDB sees it. The library maps the file into memory and trusts it: given a file
 * that is not its own, or that ends early, it dies of a signal that nobody can catch.
 *
 * Two pages at the file's start describe it, written in turns; the one with the higher transaction number counts:
 *
 * ```
 *   byte  24 magic u32 │ 28 version u32 │ 48 page size u32 │ 144 last page u64 │ 152 transaction u64
 * ```
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { damaged } from './data-error';

const magic = 0xbeefc0de;
const dataVersion = 2;
const pageBytesMin = 4_096;
const pageBytesMax = 65_536;
const metaBytes = 160;

export interface DataFileLook {
  readonly sizeBytes: number;
  /** Where the last page that the file speaks of ends. More than the size when pages were given back unwritten. */
  readonly pagesEndBytes: number;
}

/**
 * Looks at a data file. Undefined when there is none yet: no file, or one whose making ended before its first byte.
 * @throws `DATA_DAMAGED` when it is no data file of LMDB.
 */
export function lookAtDataFile(file: string): DataFileLook | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const sizeBytes = fstatSync(descriptor).size;
    if (sizeBytes === 0) return undefined;
    const first = readMeta(descriptor, 0, file);
    if (first.pageBytes < pageBytesMin || first.pageBytes > pageBytesMax)
      throw damaged(`${file} has pages of ${first.pageBytes} bytes`);
    const second = readMeta(descriptor, first.pageBytes, file);
    const newest = second.transaction > first.transaction ? second : first;
    return { sizeBytes, pagesEndBytes: (newest.lastPage + 1) * first.pageBytes };
  } finally {
    closeSync(descriptor);
  }
}

/** Lengthens a data file to the end of the pages that it speaks of. What is new reads as zeros, which is no page. */
export function lengthenDataFile(file: string, sizeBytes: number): void {
  const descriptor = openSync(file, 'r+');
  try {
    if (fstatSync(descriptor).size < sizeBytes) ftruncateSync(descriptor, sizeBytes);
  } finally {
    closeSync(descriptor);
  }
}

function readMeta(
  descriptor: number,
  at: number,
  file: string,
): { pageBytes: number; lastPage: number; transaction: number } {
  const meta = Buffer.alloc(metaBytes);
  const readBytes = readSync(descriptor, meta, 0, metaBytes, at);
  if (readBytes < metaBytes) throw damaged(`${file} ends at byte ${at + readBytes}`);
  if (meta.readUInt32LE(24) !== magic) throw damaged(`${file} is not a data file of LMDB`);
  const version = meta.readUInt32LE(28);
  if (version !== dataVersion) throw damaged(`${file} is of LMDB's format ${version}, not ${dataVersion}`);
  return {
    pageBytes: meta.readUInt32LE(48),
    lastPage: Number(meta.readBigUInt64LE(144)),
    transaction: Number(meta.readBigUInt64LE(152)),
  };
}
