/**
 * The names in the journal's folder, as the journal thread keeps them:
 *
 * ```
 *   (none) ──create──▶ spare-… ──publish──▶ segment-… ──retire──▶ spare-…, or removed
 * ```
 *
 * Each change is on disk before the next one is made, and before the file it is about is written to. So a power cut
 * undoes one change at most, and no name of a segment ever comes back for a file that is in use again.
 */
import path from 'node:path';
import { writeZeros } from './file-layer';
import type { FileLayer } from './file-layer';
import { segmentsAmong } from './segment';
import type { SegmentName } from './segment';

/** Enough for a trim that comes late; more is given back to the filesystem. */
const sparesMax = 2;
const sparePrefix = 'spare-';

export interface SpareFile {
  /** What it is called until it is published. */
  readonly name: string;
  readonly descriptor: number;
  readonly sizeBytes: number;
}

export class SegmentFolder {
  /** In the order of their generations, which is also the order of their positions. */
  readonly segments: SegmentName[];
  private readonly spares: string[];
  /** The spare file that `reserve` has seen to last. */
  private reserved: Omit<SpareFile, 'descriptor'> | undefined;
  private changed = true;

  /** Creates the folder if it is missing, and takes stock of it. */
  constructor(
    private readonly files: FileLayer,
    readonly path: string,
    private readonly segmentBytes: number,
  ) {
    files.makeFolder(path);
    const names = files.list(path);
    this.segments = segmentsAmong(names);
    this.spares = names.filter((name) => name.startsWith(sparePrefix));
  }

  fileOf(segment: SegmentName): string {
    return path.join(this.path, segment.name);
  }

  /** A file to make the next segment of, open for writing. It may hold anything. */
  takeSpare(generation: number): SpareFile {
    this.settle();
    for (;;) {
      const name = this.spares[0];
      if (name === undefined) break;
      const file = path.join(this.path, name);
      const sizeBytes = this.files.sizeBytes(file);
      if (sizeBytes !== undefined) return { name, descriptor: this.files.open(file, 'write'), sizeBytes };
      // A publish said that it had failed, and had not; or a create had.
      this.spares.shift();
    }
    const name = `${sparePrefix}${generation}`;
    this.spares.push(name);
    const descriptor = this.files.create(path.join(this.path, name));
    return { name, descriptor, sizeBytes: 0 };
  }

  /** Sees to it that the file which `takeSpare` gives next has blocks for so many bytes. */
  reserve(generation: number, sizeBytes: number): void {
    const { reserved } = this;
    if (reserved !== undefined && reserved.name === this.spares[0] && reserved.sizeBytes >= sizeBytes) return;
    const spare = this.takeSpare(generation);
    try {
      writeZeros(this.files, spare.descriptor, spare.sizeBytes, sizeBytes);
    } finally {
      this.files.close(spare.descriptor);
    }
    this.reserved = { name: spare.name, sizeBytes: Math.max(spare.sizeBytes, sizeBytes) };
  }

  /** Makes a spare file, whose header is on disk, the newest segment. When it throws, the segment may be there. */
  publish(spare: string, segment: SegmentName): void {
    this.segments.push(segment);
    this.changed = true;
    this.reserved = undefined;
    this.files.rename(path.join(this.path, spare), this.fileOf(segment));
    this.spares.splice(this.spares.indexOf(spare), 1);
    this.settle();
  }

  /** Keeps a segment's file for a later one, or removes it. */
  retire(segment: SegmentName): void {
    this.settle();
    const file = this.fileOf(segment);
    const sizeBytes = this.files.sizeBytes(file);
    const spare = `${sparePrefix}${segment.generation}`;
    // A publish that failed may have left no such file.
    if (sizeBytes !== undefined) {
      const keeps = sizeBytes <= this.segmentBytes && this.spares.length < sparesMax;
      if (keeps) this.files.rename(file, path.join(this.path, spare));
      else this.files.remove(file);
      if (keeps) this.spares.push(spare);
      this.changed = true;
    }
    this.segments.splice(this.segments.indexOf(segment), 1);
    this.settle();
  }

  /** Retires segments that hold no position, and spare files beyond what is kept. */
  tidy(): void {
    for (let index = this.segments.length - 2; index >= 0; index -= 1) {
      const segment = this.segments[index]!;
      if (segment.firstPosition === this.segments[index + 1]!.firstPosition) this.retire(segment);
    }
    while (this.spares.length > sparesMax) {
      this.files.remove(path.join(this.path, this.spares.at(-1)!));
      this.spares.pop();
    }
  }

  private settle(): void {
    if (!this.changed) return;
    this.files.syncFolder(this.path);
    this.changed = false;
  }
}
