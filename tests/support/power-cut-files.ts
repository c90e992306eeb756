/**
 * A disk in memory that remembers what has not been synced, so that a test can cut its power: each write since the last
 * sync of its file, and each change of a name since the last sync of the folder, may then be there, be torn, or not be
 * there, whatever became of the others. Stricter than any filesystem we know. It can also fail on demand.
 */
import path from 'node:path';
import type { FileLayer } from '../../shared/journal/file-layer';

interface Contents {
  bytes: Uint8Array;
}

interface File {
  readonly onDisk: Contents;
  readonly cached: Contents;
}

type Change =
  | { readonly kind: 'write'; readonly file: File; readonly bytes: Uint8Array; readonly offsetBytes: number }
  | { readonly kind: 'link'; readonly file: File; readonly name: string; readonly oldName?: string }
  | { readonly kind: 'unlink'; readonly name: string };

/** How much of a change a power cut leaves: all, nothing, or so many bytes of a write. */
export type Fate = 'kept' | 'lost' | number;

export type OperationKind = 'write' | 'syncData' | 'syncFolder' | 'create' | 'rename' | 'remove';
/**
 * How an operation fails: before it does anything, half way, or when it is done. A `syncData` that fails half way has
 * forgotten what it should have written, as Linux does: the cache goes on showing it, and no later sync writes it.
 */
export type Fault = 'none' | 'before' | 'half way' | 'after';

export class PowerCutFiles implements FileLayer {
  /** Called before a sync is carried out: this is when most is at stake. */
  beforeSync: (() => void) | undefined;
  /** Asked before each operation that changes something. */
  faultOf: (kind: OperationKind, count: number) => Fault = () => 'none';
  /** Syncs of this kind say that they are done, and do nothing. */
  liesAbout: 'syncData' | 'syncFolder' | undefined;
  operationCount = 0;
  /** There is no block left: no file can be made or become longer. */
  isFull = false;

  private namesOnDisk = new Map<string, File>();
  private names = new Map<string, File>();
  private changes: Change[] = [];
  private readonly descriptors = new Map<number, File>();
  private nextDescriptor = 3;

  /** The changes that a power cut may undo: for each, the bytes that may be torn, 0 for a name. */
  get changeBytes(): number[] {
    return this.changes.map((change) => (change.kind === 'write' ? change.bytes.length : 0));
  }

  /** The disk as a power cut leaves it, with a fate for each of `changeBytes`. */
  cutPower(fates: readonly Fate[]): PowerCutFiles {
    const copies = new Map<File, File>();
    const copyOf = (file: File): File => {
      const copy = copies.get(file) ?? fileOf(file.onDisk.bytes);
      copies.set(file, copy);
      return copy;
    };
    const left = new PowerCutFiles();
    for (const [name, file] of this.namesOnDisk) left.namesOnDisk.set(name, copyOf(file));
    this.changes.forEach((change, index) => {
      const fate = fates[index]!;
      if (fate === 'lost') return;
      if (change.kind === 'write') {
        const keptBytes = fate === 'kept' ? change.bytes.length : fate;
        writeInto(copyOf(change.file).onDisk, change.bytes.subarray(0, keptBytes), change.offsetBytes);
      } else if (change.kind === 'link') {
        if (change.oldName !== undefined) left.namesOnDisk.delete(change.oldName);
        left.namesOnDisk.set(change.name, copyOf(change.file));
      } else left.namesOnDisk.delete(change.name);
    });
    for (const file of copies.values()) file.cached.bytes = file.onDisk.bytes.slice();
    left.names = new Map(left.namesOnDisk);
    left.liesAbout = this.liesAbout;
    return left;
  }

  /** What is on disk, by name. */
  contents(): Map<string, Uint8Array> {
    return new Map([...this.namesOnDisk].map(([name, file]) => [name, file.onDisk.bytes]));
  }

  makeFolder(): void {
    // There is one folder, and it is there.
  }

  list(): string[] {
    return [...this.names.keys()];
  }

  sizeBytes(file: string): number | undefined {
    return this.names.get(path.basename(file))?.cached.bytes.length;
  }

  create(file: string): number {
    const name = path.basename(file);
    if (this.names.has(name)) throw systemError('EEXIST');
    if (this.isFull) throw systemError('ENOSPC');
    const created = fileOf(new Uint8Array(0));
    this.operate('create', () => {
      this.names.set(name, created);
      this.changes.push({ kind: 'link', file: created, name });
    });
    return this.descriptorOf(created);
  }

  open(file: string): number {
    const found = this.names.get(path.basename(file));
    if (found === undefined) throw systemError('ENOENT');
    return this.descriptorOf(found);
  }

  close(descriptor: number): void {
    if (!this.descriptors.delete(descriptor)) throw systemError('EBADF');
  }

  /** Descriptors that have not been closed. */
  get openCount(): number {
    return this.descriptors.size;
  }

  write(descriptor: number, bytes: Uint8Array, offsetBytes: number): number {
    const file = this.fileBehind(descriptor);
    if (this.isFull && offsetBytes + bytes.length > file.cached.bytes.length) throw systemError('ENOSPC');
    const put = (part: Uint8Array): void => {
      writeInto(file.cached, part, offsetBytes);
      this.changes.push({ kind: 'write', file, bytes: part.slice(), offsetBytes });
    };
    this.operate(
      'write',
      () => {
        put(bytes);
      },
      () => {
        put(bytes.subarray(0, bytes.length >> 1));
      },
    );
    return bytes.length;
  }

  read(descriptor: number, bytes: Uint8Array, offsetBytes: number): number {
    const part = this.fileBehind(descriptor).cached.bytes.subarray(offsetBytes, offsetBytes + bytes.length);
    bytes.set(part);
    return part.length;
  }

  syncData(descriptor: number): void {
    const file = this.fileBehind(descriptor);
    this.beforeSync?.();
    const others = (): Change[] =>
      this.changes.filter((change) => change.kind !== 'write' || change.file !== file);
    this.operate(
      'syncData',
      () => {
        if (this.liesAbout === 'syncData') return;
        file.onDisk.bytes = file.cached.bytes.slice();
        this.changes = others();
      },
      () => {
        this.changes = others();
      },
    );
  }

  syncFolder(): void {
    this.beforeSync?.();
    this.operate('syncFolder', () => {
      if (this.liesAbout === 'syncFolder') return;
      this.namesOnDisk = new Map(this.names);
      this.changes = this.changes.filter(({ kind }) => kind === 'write');
    });
  }

  rename(from: string, to: string): void {
    const [oldName, name] = [path.basename(from), path.basename(to)];
    const file = this.names.get(oldName);
    if (file === undefined) throw systemError('ENOENT');
    this.operate('rename', () => {
      this.names.delete(oldName);
      this.names.set(name, file);
      this.changes.push({ kind: 'link', file, name, oldName });
    });
  }

  remove(file: string): void {
    const name = path.basename(file);
    if (!this.names.has(name)) throw systemError('ENOENT');
    this.operate('remove', () => {
      this.names.delete(name);
      this.changes.push({ kind: 'unlink', name });
    });
  }

  private operate(kind: OperationKind, whole: () => void, half: () => void = () => undefined): void {
    const fault = this.faultOf(kind, this.operationCount);
    this.operationCount += 1;
    if (fault === 'none' || fault === 'after') whole();
    if (fault === 'half way') half();
    if (fault !== 'none') throw systemError(kind === 'write' ? 'ENOSPC' : 'EIO');
  }

  private descriptorOf(file: File): number {
    this.descriptors.set(this.nextDescriptor, file);
    this.nextDescriptor += 1;
    return this.nextDescriptor - 1;
  }

  private fileBehind(descriptor: number): File {
    const file = this.descriptors.get(descriptor);
    if (file === undefined) throw systemError('EBADF');
    return file;
  }
}

function fileOf(bytes: Uint8Array): File {
  return { onDisk: { bytes: bytes.slice() }, cached: { bytes: bytes.slice() } };
}

function writeInto(contents: Contents, bytes: Uint8Array, offsetBytes: number): void {
  const endBytes = offsetBytes + bytes.length;
  if (endBytes > contents.bytes.length) {
    const longer = new Uint8Array(endBytes);
    longer.set(contents.bytes);
    contents.bytes = longer;
  }
  contents.bytes.set(bytes, offsetBytes);
}

export function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}

/**
 * Fates worth trying: every prefix of the changes, with the next one torn; each change lost alone, torn alone, and alone
 * kept, whole and torn. A byte here and there stands for all places where a write may tear.
 */
export function fatesOf(changeBytes: readonly number[], tears: 'many' | 'few'): Fate[][] {
  const tearsOf = tears === 'many' ? manyTears : fewTears;
  const fates: Fate[][] = [changeBytes.map(() => 'kept')];
  changeBytes.forEach((bytes, at) => {
    const own: Fate[] = ['lost', ...tearsOf(bytes)];
    const around = (before: Fate, fate: Fate, after: Fate): Fate[] =>
      changeBytes.map((_, index) => (index < at ? before : index > at ? after : fate));
    for (const fate of own) fates.push(around('kept', fate, 'lost'), around('kept', fate, 'kept'));
    for (const fate of ['kept' as const, ...tearsOf(bytes)]) fates.push(around('lost', fate, 'lost'));
  });
  const seen = new Set<string>();
  return fates.filter((list) => {
    const key = list.join();
    return seen.has(key) ? false : seen.add(key);
  });
}

function fewTears(bytes: number): number[] {
  return bytes < 2 ? [] : [bytes >> 1];
}

function manyTears(bytes: number): number[] {
  const places = [1, 4, 8, 31, 32, 36, bytes >> 1, bytes - 4, bytes - 1];
  return [...new Set(places)].filter((place) => place > 0 && place < bytes);
}
