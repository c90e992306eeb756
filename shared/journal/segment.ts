/**
 * A segment: one file of the journal, of a fixed size, used again when what it holds has been let go of.
 *
 * ```
 *   segment-<generation>-<first position>     both in 14 hexadecimal digits
 *
 *   word 0     'BNJL'
 *   word 1     version of the format
 *   word 2, 3  generation
 *   word 4, 5  first position
 *   word 6     salt
 *   word 7     CRC-32 of words 0 to 6
 *   word 8…    frames, one after the other; after the last one, zeros or what an earlier use has left
 * ```
 *
 * A segment holds the positions from its first to the first of the next generation that is there: what it has after
 * that does not count. It gets its name when its header, and everything before its first position, is on disk.
 */
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { readWhole } from './file-layer';
import type { FileLayer } from './file-layer';
import { wordBytes, wordsOf } from './frame';
import type { SegmentUse } from './frame';
import { JournalError } from './journal-error';
import { highWord, lowWord } from './record';

export const segmentVersion = 1;
export const segmentHeaderWords = 8;
export const segmentHeaderBytes = segmentHeaderWords * wordBytes;

const headerWord = {
  magic: 0,
  version: 1,
  generationLow: 2,
  generationHigh: 3,
  firstPositionLow: 4,
  firstPositionHigh: 5,
  salt: 6,
  checksum: 7,
} as const;

if (headerWord.checksum !== segmentHeaderWords - 1)
  throw new Error('the drawing of a segment and its size differ');

/** 'BNJL' in bytes. */
const magic = 0x4c_4a_4e_42;
const nameDigits = 14;
const namePattern = /^segment-([0-9a-f]{14})-([0-9a-f]{14})$/;

export interface SegmentName {
  readonly generation: number;
  readonly firstPosition: number;
  readonly name: string;
}

export function nameSegment(generation: number, firstPosition: number): SegmentName {
  const digits = (value: number): string => value.toString(16).padStart(nameDigits, '0');
  return { generation, firstPosition, name: `segment-${digits(generation)}-${digits(firstPosition)}` };
}

/** The segments among the names of a folder, in the order of their generations. */
export function segmentsAmong(names: readonly string[]): SegmentName[] {
  const segments: SegmentName[] = [];
  for (const name of names) {
    const match = namePattern.exec(name);
    if (match !== null)
      segments.push({ generation: parseInt(match[1]!, 16), firstPosition: parseInt(match[2]!, 16), name });
  }
  return segments.sort((left, right) => left.generation - right.generation);
}

/** Never 0, which is what a file holds that was never used. */
export function drawSalt(): number {
  return randomInt(1, 2 ** 32) | 0;
}

export function encodeSegmentHeader(segment: SegmentName, salt: number): Uint8Array {
  const words = new Int32Array(segmentHeaderWords);
  words[headerWord.magic] = magic;
  words[headerWord.version] = segmentVersion;
  words[headerWord.generationLow] = lowWord(segment.generation);
  words[headerWord.generationHigh] = highWord(segment.generation);
  words[headerWord.firstPositionLow] = lowWord(segment.firstPosition);
  words[headerWord.firstPositionHigh] = highWord(segment.firstPosition);
  words[headerWord.salt] = salt;
  const bytes = new Uint8Array(words.buffer);
  words[headerWord.checksum] = crc32(bytes.subarray(0, headerWord.checksum * wordBytes)) | 0;
  return bytes;
}

/**
 * Reads the header of a segment's file.
 * @throws JOURNAL_VERSION when it is of another format, JOURNAL_DAMAGED when it is not that of this segment.
 */
export function readSegmentUse(
  files: FileLayer,
  folder: string,
  segment: SegmentName,
  descriptor: number,
): SegmentUse {
  const bytes = new Uint8Array(segmentHeaderBytes);
  const readBytes = readWhole(files, descriptor, bytes, 0);
  const words = wordsOf(bytes);
  const file = path.join(folder, segment.name);
  const version = words[headerWord.version]!;
  if (words[headerWord.magic] === magic && version > segmentVersion && version < 256)
    throw new JournalError('JOURNAL_VERSION', file, 0, `the format is of version ${version}`);
  const expected = encodeSegmentHeader(segment, words[headerWord.salt]!);
  if (readBytes < segmentHeaderBytes || !expected.every((byte, index) => byte === bytes[index]))
    throw new JournalError('JOURNAL_DAMAGED', file, 0, 'the header is not the one of this segment');
  return { generation: segment.generation, salt: words[headerWord.salt]! };
}
