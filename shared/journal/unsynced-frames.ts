/**
 * The frames since the last sync that succeeded, whole, in one piece of memory. A failed sync leaves it unknown what is
 * on disk and even what the system's cache still holds: what is kept here is then written again, somewhere else.
 */
import {
  frameBytesOf,
  frameHeaderBytes,
  frameHeaderWords,
  positionOf,
  stampFrame,
  wordBytes,
  wordsOf,
} from './frame';
import type { FrameStamp, SegmentUse } from './frame';
import type { PayloadVisitor } from './journal-sink';

/** What is kept when there are no frames: enough for most groups, so that the steady state makes no garbage. */
const idleBytesMax = 4 * 1024 * 1024;
const firstBytes = 4 * 1024;

export class UnsyncedFrames {
  private memory = new Uint8Array(firstBytes);
  private usedBytes = 0;

  get byteCount(): number {
    return this.usedBytes;
  }

  /** All frames, one after the other. Valid until the next change. */
  get bytes(): Uint8Array {
    return this.memory.subarray(0, this.usedBytes);
  }

  /** Copies the parts behind a header. @returns the frame; valid until the next change. */
  add(parts: readonly Uint8Array[], payloadBytes: number, stamp: FrameStamp): Uint8Array {
    const start = this.usedBytes;
    this.reserve(start + frameHeaderBytes + payloadBytes);
    let at = start + frameHeaderBytes;
    for (const part of parts) {
      this.memory.set(part, at);
      at += part.length;
    }
    const frame = this.memory.subarray(start, at);
    stampFrame(frame, stamp);
    this.usedBytes = at;
    return frame;
  }

  /** Takes back the last `add`, whose frame had this size. */
  removeLast(frameBytes: number): void {
    this.usedBytes -= frameBytes;
  }

  /** Makes the frames those of another segment. Their positions stay. */
  moveTo(use: SegmentUse, syncedPosition: number): void {
    for (let at = 0; at < this.usedBytes;) {
      const frame = this.frameAt(at);
      stampFrame(frame, { ...use, syncedPosition, position: positionOf(wordsOf(frame)) });
      at += frame.length;
    }
  }

  forEach(visit: PayloadVisitor): void {
    for (let at = 0; at < this.usedBytes;) {
      const frame = this.frameAt(at);
      const words = wordsOf(frame);
      visit(words.subarray(frameHeaderWords), positionOf(words));
      at += frame.length;
    }
  }

  clear(): void {
    this.usedBytes = 0;
    if (this.memory.length > idleBytesMax) this.memory = new Uint8Array(firstBytes);
  }

  private frameAt(at: number): Uint8Array {
    return this.memory.subarray(
      at,
      at + frameBytesOf(wordsOf(this.memory.subarray(at, at + frameHeaderBytes))),
    );
  }

  private reserve(neededBytes: number): void {
    if (neededBytes % wordBytes !== 0) throw new RangeError(`${neededBytes} bytes are not whole words`);
    if (neededBytes <= this.memory.length) return;
    const larger = new Uint8Array(Math.max(neededBytes, this.memory.length * 2));
    larger.set(this.bytes);
    this.memory = larger;
  }
}
