/**
 * A frame: what one `append` leaves in a segment. Words of 32 bits, little-endian; numbers of 53 bits are two words,
 * low before high.
 *
 * ```
 *   word 0     CRC-32 of all that follows in the frame
 *   word 1     words of payload, 1 to payloadWordsMax
 *   word 2     generation of the segment, its low word
 *   word 3     salt of the segment
 *   word 4, 5  position of the first word of the payload
 *   word 6, 7  synced position: everything before it was on disk when this frame was written
 *   word 8…    payload: records, one after the other
 * ```
 *
 * Segments are used again without being wiped, and a power cut or a failed write leaves what it likes after the last
 * whole frame. Generation and salt tell a frame of this use of the file from one of an earlier use. The synced position
 * tells damage from a torn end: a frame that is not whole may be given up only if no later one says it was on disk.
 */
import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import { highWord, joinWords, lowWord } from './record';

export const wordBytes = 4;
/** 16 MiB. */
export const payloadWordsMax = 4 * 1024 * 1024;

export const frameWord = {
  checksum: 0,
  payloadWords: 1,
  generation: 2,
  salt: 3,
  positionLow: 4,
  positionHigh: 5,
  syncedLow: 6,
  syncedHigh: 7,
  payload: 8,
} as const;

export const frameHeaderWords = frameWord.payload;
export const frameHeaderBytes = frameHeaderWords * wordBytes;

if (Object.values(frameWord).some((word, index) => word > frameHeaderWords || (index > 0 && word === 0)))
  throw new Error('the drawing of a frame and its words differ');
if (endianness() !== 'LE') throw new Error('the journal is little-endian, and this machine is not');

/** One use of a segment's file. */
export interface SegmentUse {
  /** Ascends with every segment begun in a folder. */
  readonly generation: number;
  /** 32 random bits: an attempt to begin a segment that came to nothing may have left frames of the same generation. */
  readonly salt: number;
}

export interface FrameStamp extends SegmentUse {
  readonly position: number;
  readonly syncedPosition: number;
}

/** Words laid over bytes that begin at a multiple of four in their memory. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / wordBytes);
}

/** Writes the header of a frame whose payload is in place. `frame` is the whole frame and nothing else. */
export function stampFrame(frame: Uint8Array, stamp: FrameStamp): void {
  const words = wordsOf(frame);
  words[frameWord.payloadWords] = words.length - frameHeaderWords;
  words[frameWord.generation] = lowWord(stamp.generation);
  words[frameWord.salt] = stamp.salt;
  words[frameWord.positionLow] = lowWord(stamp.position);
  words[frameWord.positionHigh] = highWord(stamp.position);
  words[frameWord.syncedLow] = lowWord(stamp.syncedPosition);
  words[frameWord.syncedHigh] = highWord(stamp.syncedPosition);
  words[frameWord.checksum] = checksumOf(frame);
}

export function isWhole(frame: Uint8Array): boolean {
  return wordsOf(frame)[frameWord.checksum] === checksumOf(frame);
}

/** Whether words from `at` on are the header of a frame of this use of the segment, as far as a header can tell. */
export function isHeaderOf(use: SegmentUse, words: Int32Array, at: number): boolean {
  const payloadWords = words[at + frameWord.payloadWords]!;
  return (
    words[at + frameWord.generation] === lowWord(use.generation) &&
    words[at + frameWord.salt] === use.salt &&
    payloadWords >= 1 &&
    payloadWords <= payloadWordsMax
  );
}

export function positionOf(words: Int32Array, at = 0): number {
  return joinWords(words[at + frameWord.positionLow]!, words[at + frameWord.positionHigh]!);
}

export function syncedPositionOf(words: Int32Array, at = 0): number {
  return joinWords(words[at + frameWord.syncedLow]!, words[at + frameWord.syncedHigh]!);
}

/** The bytes of the frame whose header is at `at`. */
export function frameBytesOf(words: Int32Array, at = 0): number {
  return (frameHeaderWords + words[at + frameWord.payloadWords]!) * wordBytes;
}

function checksumOf(frame: Uint8Array): number {
  return crc32(frame.subarray(wordBytes)) | 0;
}
