/** Takes from a copied journal what a power cut may: what nobody was promised, or what was not synced. */
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
  return inLastSegment(folder, (frames, descriptor) => {
    let cutAt = segmentHeaderBytes;
    let keptFrames = 0;
    let frameCount = 0;
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
      frameCount += 1;
      if (!holdsPromise(frame.payload, isPromised)) continue;
      cutAt = frames.offsetBytes;
      keptFrames = frameCount;
    }
    overwrite(descriptor, cutAt, frames.offsetBytes, kind, random);
    return { keptFrames, lostFrames: frameCount - keptFrames };
  });
}

/**
 * Takes what the newest frame of the last segment does not say was on disk. `hole`: only the first frame of that is
 * gone, because the system may have written later ones of its own accord.
 * @returns how many frames there were to take.
 */
export function loseBehindSync(folder: string, kind: CutKind | 'hole', random: RandomNumbers): number {
  return inLastSegment(folder, (frames, descriptor) => {
    const places: { readonly position: number; readonly offsetBytes: number }[] = [];
    let syncedPosition = 0;
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
      places.push({ position: frame.position, offsetBytes: frame.offsetBytes });
      ({ syncedPosition } = frame);
    }
    const unsynced = places.filter(({ position }) => position >= syncedPosition);
    const from = unsynced[0]?.offsetBytes ?? frames.offsetBytes;
    const end = unsynced[1]?.offsetBytes ?? frames.offsetBytes;
    if (kind === 'hole') writeSync(descriptor, Buffer.alloc(end - from), 0, end - from, from);
    else overwrite(descriptor, from, end, kind, random);
    return unsynced.length;
  });
}

function inLastSegment<Result>(
  folder: string,
  act: (frames: FrameReader, descriptor: number) => Result,
): Result {
  const segment = segmentsAmong(readdirSync(folder)).at(-1)!;
  const descriptor = openSync(path.join(folder, segment.name), 'r+');
  try {
    const use = readSegmentUse(systemFiles, folder, segment, descriptor);
    return act(new FrameReader(systemFiles, descriptor, use, segment.firstPosition), descriptor);
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

/** `torn`: what is overwritten begins anywhere before `tornEnd`. */
function overwrite(
  descriptor: number,
  start: number,
  tornEnd: number,
  kind: CutKind,
  random: RandomNumbers,
): void {
  const from = start + (kind === 'torn' ? random.below(Math.max(1, tornEnd - start)) : 0);
  const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - from));
  if (kind === 'noise')
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = random.below(256);
  if (bytes.length > 0) writeSync(descriptor, bytes, 0, bytes.length, from);
}
