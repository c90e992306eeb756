/** Takes from a copied journal what nobody was promised, as a power cut may: all after the newest acknowledged record. */
import { closeSync, fstatSync, openSync, readdirSync, writeSync } from 'node:fs';
import path from 'node:path';
import { systemFiles } from '../../shared/journal/file-layer';
import { FrameReader } from '../../shared/journal/frame-reader';
import { forEachRecord } from '../../shared/journal/record';
import { readSegmentUse, segmentHeaderBytes, segmentsAmong } from '../../shared/journal/segment';
import type { RandomNumbers } from './random-numbers';

/** What the rest of the last segment holds after the cut; `torn`: its beginning is there. */
export type CutKind = 'zeros' | 'noise' | 'torn';

export interface Cut {
  /** Frames with promises, in the last segment. */
  readonly keptFrames: number;
  readonly lostFrames: number;
}

/** Overwrites the last segment after its last frame with a text that was promised. */
export function loseUnsynced(
  folder: string,
  isPromised: (text: string) => boolean,
  kind: CutKind,
  random: RandomNumbers,
): Cut {
  const segment = segmentsAmong(readdirSync(folder)).at(-1)!;
  const descriptor = openSync(path.join(folder, segment.name), 'r+');
  try {
    const use = readSegmentUse(systemFiles, folder, segment, descriptor);
    const frames = new FrameReader(systemFiles, descriptor, use, segment.firstPosition);
    let cutAt = segmentHeaderBytes;
    let keptFrames = 0;
    let frameCount = 0;
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
      frameCount += 1;
      if (!holdsPromise(frame.payload, isPromised)) continue;
      cutAt = frames.offsetBytes;
      keptFrames = frameCount;
    }
    if (kind === 'torn') cutAt += random.below(Math.max(1, frames.offsetBytes - cutAt));
    overwrite(descriptor, cutAt, kind, random);
    return { keptFrames, lostFrames: frameCount - keptFrames };
  } finally {
    closeSync(descriptor);
  }
}

function holdsPromise(payload: Int32Array, isPromised: (text: string) => boolean): boolean {
  let isFound = false;
  forEachRecord(payload.slice(), (record) => {
    isFound ||= record.kind === 'message' && isPromised(Buffer.from(record.text).toString('latin1'));
  });
  return isFound;
}

function overwrite(descriptor: number, from: number, kind: CutKind, random: RandomNumbers): void {
  const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - from));
  if (kind === 'noise')
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = random.below(256);
  if (bytes.length > 0) writeSync(descriptor, bytes, 0, bytes.length, from);
}
