/** Finds where a journal ends, after whatever has ended the process that wrote it, and tells an end from damage. */
import path from 'node:path';
import type { FileLayer } from './file-layer';
import { FrameReader } from './frame-reader';
import { JournalError } from './journal-error';
import type { PayloadVisitor } from './journal-sink';
import { readSegmentUse } from './segment';
import type { SegmentName } from './segment';

export interface JournalEnd {
  /** Everything before it is known to be on disk. */
  readonly syncedPosition: number;
  /** The end of the last whole frame. */
  readonly endPosition: number;
}

/**
 * Reads all segments, and visits what may not be on disk although it can be read: the system's cache outlives a process.
 * @throws JOURNAL_DAMAGED, JOURNAL_VERSION
 */
export function findJournalEnd(
  files: FileLayer,
  folder: string,
  segments: readonly SegmentName[],
  visitUnsynced: PayloadVisitor,
): JournalEnd {
  let end: JournalEnd = { syncedPosition: 0, endPosition: 0 };
  for (const [index, segment] of segments.entries()) {
    const descriptor = files.open(path.join(folder, segment.name), 'read');
    try {
      const use = readSegmentUse(files, folder, segment, descriptor);
      const frames = new FrameReader(files, descriptor, use, segment.firstPosition);
      const next = segments[index + 1];
      if (next === undefined) end = findEndIn(frames, path.join(folder, segment.name), visitUnsynced);
      else walkTo(next.firstPosition, frames, path.join(folder, segment.name));
    } finally {
      files.close(descriptor);
    }
  }
  return end;
}

/** Makes sure that a segment goes to where the next one begins. What it has after that does not count. */
function walkTo(position: number, frames: FrameReader, file: string): void {
  while (frames.position < position)
    if (frames.next() === undefined)
      throw new JournalError(
        'JOURNAL_DAMAGED',
        file,
        frames.offsetBytes,
        `no frame of position ${frames.position}, and the next segment begins at ${position}`,
      );
  if (frames.position > position)
    throw new JournalError(
      'JOURNAL_DAMAGED',
      file,
      frames.offsetBytes,
      `a frame goes to ${frames.position}, and the next segment begins at ${position}`,
    );
}

function findEndIn(frames: FrameReader, file: string, visitUnsynced: PayloadVisitor): JournalEnd {
  let syncedPosition = frames.position;
  let unsynced: { readonly offsetBytes: number; readonly position: number }[] = [];
  for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
    if (frame.syncedPosition > syncedPosition) {
      syncedPosition = frame.syncedPosition;
      unsynced = unsynced.filter(({ position }) => position >= frame.syncedPosition);
    }
    unsynced.push({ offsetBytes: frame.offsetBytes, position: frame.position });
  }
  const endPosition = frames.position;
  const proofBytes = frames.findLaterProof();
  if (proofBytes !== undefined)
    throw new JournalError(
      'JOURNAL_DAMAGED',
      file,
      frames.offsetBytes,
      `no frame of position ${endPosition}, which was on disk when the one at byte ${proofBytes} was written`,
    );
  for (const { offsetBytes, position } of unsynced) {
    frames.seek(offsetBytes, position);
    const frame = frames.next();
    if (frame === undefined)
      throw new JournalError('JOURNAL_DAMAGED', file, offsetBytes, 'a frame that was there is gone');
    visitUnsynced(frame.payload, frame.position);
  }
  return { syncedPosition, endPosition };
}
