/**
 * The segment being written. Its blocks are on disk before frames are written into them, so that syncing a frame writes
 * its data and nothing else: a segment used again has them already, a new one gets zeros some way ahead
 * (docs/adr/0005 has the figures).
 */
import { writeWhole, writeZeros } from './file-layer';
import type { FileLayer } from './file-layer';
import { segmentHeaderBytes } from './segment';

/** A file grows by so much at least. */
const fillBytes = 1024 * 1024;

export class SegmentWriter {
  private offsetBytes = segmentHeaderBytes;

  /**
   * @param descriptor of a file open for writing; the writer closes it.
   * @param sizeBytes the file's size: so far, its blocks are there.
   * @param capacityBytes how far frames may go.
   */
  constructor(
    private readonly files: FileLayer,
    private readonly descriptor: number,
    private sizeBytes: number,
    private readonly capacityBytes: number,
  ) {}

  /** Frames of so many bytes together fit. */
  get roomBytes(): number {
    return Math.max(0, this.capacityBytes - this.offsetBytes);
  }

  /** A segment without frames takes one of any size. */
  hasRoomFor(frameBytes: number): boolean {
    return this.offsetBytes === segmentHeaderBytes || this.offsetBytes + frameBytes <= this.capacityBytes;
  }

  /** Sees to it that there are blocks for so many bytes of frames. When it throws, there may be some more than before. */
  reserve(frameBytes: number): void {
    const neededBytes = this.offsetBytes + frameBytes;
    if (neededBytes <= this.sizeBytes) return;
    const targetBytes = Math.max(neededBytes, Math.min(this.sizeBytes + fillBytes, this.capacityBytes));
    while (this.sizeBytes < targetBytes) {
      const endBytes = Math.min(this.sizeBytes + fillBytes, targetBytes);
      writeZeros(this.files, this.descriptor, this.sizeBytes, endBytes);
      this.sizeBytes = endBytes;
    }
  }

  writeHeader(header: Uint8Array): void {
    writeWhole(this.files, this.descriptor, header, 0);
  }

  /** Writes whole frames. When it throws, there is no telling what the file holds after the frames before. */
  writeFrames(frames: Uint8Array): void {
    writeWhole(this.files, this.descriptor, frames, this.offsetBytes);
    this.offsetBytes += frames.length;
  }

  sync(): void {
    this.files.syncData(this.descriptor);
  }

  close(): void {
    this.files.close(this.descriptor);
  }
}
