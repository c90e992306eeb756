/** Walks the frames of one segment's file, through a window of memory. Knows nothing of other segments. */
import { readWhole } from './file-layer';
import type { FileLayer } from './file-layer';
import {
  frameBytesOf,
  frameHeaderBytes,
  frameHeaderWords,
  isHeaderOf,
  isWhole,
  positionOf,
  syncedPositionOf,
  wordBytes,
  wordsOf,
} from './frame';
import type { SegmentUse } from './frame';
import { segmentHeaderBytes } from './segment';

/** What is read at once, unless a frame is longer: it then grows to the frame. */
const windowBytesMin = 64 * 1024;

export interface Frame {
  readonly position: number;
  readonly endPosition: number;
  readonly syncedPosition: number;
  readonly offsetBytes: number;
  /** Valid until the next call of the reader. */
  readonly payload: Int32Array;
}

export class FrameReader {
  /** Where the next frame is looked for, and the position that it must have. */
  offsetBytes = segmentHeaderBytes;
  position: number;

  private memory = new Uint8Array(windowBytesMin);
  private windowOffsetBytes = 0;
  private windowBytes = 0;

  constructor(
    private readonly files: FileLayer,
    private readonly descriptor: number,
    private readonly use: SegmentUse,
    firstPosition: number,
  ) {
    this.position = firstPosition;
  }

  /** Goes to a frame whose place is known. */
  seek(offsetBytes: number, position: number): void {
    this.offsetBytes = offsetBytes;
    this.position = position;
  }

  /** Forgets what was read: the file may have grown more frames since. */
  refresh(): void {
    this.windowBytes = 0;
  }

  /** The next frame, or undefined when there is none that is whole, of this use of the file and in its place. */
  next(): Frame | undefined {
    const frame = this.frameAt(this.offsetBytes);
    if (frame?.position !== this.position) return undefined;
    this.seek(frame.offsetBytes + frameHeaderBytes + frame.payload.byteLength, frame.endPosition);
    return frame;
  }

  /**
   * Looks, from where the last `next` found no frame, for a later one that says that this place was on disk.
   * @returns where it is, in bytes; undefined when there is none: a power cut may have left the file like this.
   */
  findLaterProof(): number | undefined {
    let offsetBytes = this.offsetBytes + wordBytes;
    for (;;) {
      const window = this.view(offsetBytes, Math.max(windowBytesMin, frameHeaderBytes));
      const words = window.subarray(0, window.length & ~(wordBytes - 1));
      const proofBytes = this.findProofIn(wordsOf(words), offsetBytes);
      if (proofBytes !== undefined) return proofBytes;
      if (window.length < windowBytesMin) return undefined;
      // The next window begins early enough to see a header that this one has only in part.
      offsetBytes += words.length - frameHeaderBytes + wordBytes;
    }
  }

  private findProofIn(words: Int32Array, windowOffsetBytes: number): number | undefined {
    const last = words.length - frameHeaderWords;
    for (let at = 0; at <= last; at += 1) {
      if (!isHeaderOf(this.use, words, at)) continue;
      if (positionOf(words, at) <= this.position || syncedPositionOf(words, at) <= this.position) continue;
      const offsetBytes = windowOffsetBytes + at * wordBytes;
      const scout = new FrameReader(this.files, this.descriptor, this.use, this.position);
      if (scout.frameAt(offsetBytes) !== undefined) return offsetBytes;
    }
    return undefined;
  }

  /** The frame at an offset, if there is a whole one of this use of the file, whatever its position. */
  private frameAt(offsetBytes: number): Frame | undefined {
    const header = this.view(offsetBytes, frameHeaderBytes);
    if (header.length < frameHeaderBytes) return undefined;
    const headerWords = wordsOf(header);
    if (!isHeaderOf(this.use, headerWords, 0)) return undefined;
    const frameBytes = frameBytesOf(headerWords);
    const frame = this.view(offsetBytes, frameBytes);
    if (frame.length < frameBytes || !isWhole(frame)) return undefined;
    const words = wordsOf(frame);
    const payload = words.subarray(frameHeaderWords);
    const position = positionOf(words);
    const syncedPosition = syncedPositionOf(words);
    return { position, endPosition: position + payload.length, syncedPosition, offsetBytes, payload };
  }

  /** Up to `lengthBytes` of the file from an offset on: fewer at its end. */
  private view(offsetBytes: number, lengthBytes: number): Uint8Array {
    const inWindow =
      offsetBytes >= this.windowOffsetBytes &&
      offsetBytes + lengthBytes <= this.windowOffsetBytes + this.windowBytes;
    if (!inWindow) {
      if (lengthBytes > this.memory.length) this.memory = new Uint8Array(lengthBytes);
      this.windowOffsetBytes = offsetBytes;
      this.windowBytes = readWhole(this.files, this.descriptor, this.memory, offsetBytes);
    }
    const start = offsetBytes - this.windowOffsetBytes;
    return this.memory.subarray(start, Math.min(start + lengthBytes, this.windowBytes));
  }
}
