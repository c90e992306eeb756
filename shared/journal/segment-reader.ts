/**
 * Reads a journal's folder while another thread writes it, up to a position that it is told: no locks, nothing shared
 * but the files.
 *
 * It is right because a position that is on disk never changes its place: everything before it is in the segments that
 * have names by then, a segment begun later begins at it or after it, and a segment is not used again before the reader
 * has let go of it. A frame that is not what it must be is an error all the same.
 */
import path from 'node:path';
import { systemFiles } from './file-layer';
import type { FileLayer } from './file-layer';
import { FrameReader } from './frame-reader';
import { JournalError } from './journal-error';
import type { PayloadVisitor } from './journal-sink';
import { readSegmentUse, segmentsAmong } from './segment';
import type { SegmentName } from './segment';

interface OpenSegment {
  readonly name: string;
  readonly descriptor: number;
  readonly frames: FrameReader;
}

export class SegmentReader {
  /** The segment read last: whoever follows the journal goes on where the last call ended. */
  private opened: OpenSegment | undefined;

  constructor(
    private readonly folder: string,
    private readonly files: FileLayer = systemFiles,
  ) {}

  /**
   * Visits every payload between two positions, in order; the first is cut to begin at `from`.
   * @param from the end of a record that has not been trimmed.
   * @param until a position that the writer has said is on disk. Nothing is read when it is not above `from`.
   * @throws JOURNAL_TRIMMED when `from` has been let go of, JOURNAL_DAMAGED when something is missing.
   */
  read(from: number, until: number, visit: PayloadVisitor): void {
    if (from >= until) return;
    const segments = segmentsAmong(this.files.list(this.folder));
    let position = from;
    while (position < until) {
      const index = segments.findLastIndex(({ firstPosition }) => firstPosition <= position);
      const segment = segments[index];
      if (segment === undefined)
        throw new JournalError(
          'JOURNAL_TRIMMED',
          this.folder,
          0,
          `position ${position} is not kept any more`,
        );
      const limit = Math.min(until, segments[index + 1]?.firstPosition ?? until);
      this.readSegment(segment, position, limit, visit);
      position = limit;
    }
  }

  close(): void {
    if (this.opened !== undefined) this.files.close(this.opened.descriptor);
    this.opened = undefined;
  }

  private readSegment(segment: SegmentName, from: number, until: number, visit: PayloadVisitor): void {
    const { frames } = this.open(segment, from);
    while (frames.position < until) {
      const frame = frames.next();
      if (frame === undefined || frame.endPosition > until)
        throw new JournalError(
          'JOURNAL_DAMAGED',
          path.join(this.folder, segment.name),
          frame?.offsetBytes ?? frames.offsetBytes,
          `no frame from position ${frame?.position ?? frames.position} that ends by ${until}`,
        );
      if (frame.endPosition <= from) continue;
      const skippedWords = Math.max(0, from - frame.position);
      visit(frame.payload.subarray(skippedWords), frame.position + skippedWords);
    }
  }

  /** The segment's frames, at one that is not after `from`. */
  private open(segment: SegmentName, from: number): OpenSegment {
    if (this.opened?.name === segment.name && this.opened.frames.position <= from) {
      this.opened.frames.refresh();
      return this.opened;
    }
    this.close();
    const descriptor = this.files.open(path.join(this.folder, segment.name), 'read');
    try {
      const use = readSegmentUse(this.files, this.folder, segment, descriptor);
      const frames = new FrameReader(this.files, descriptor, use, segment.firstPosition);
      this.opened = { name: segment.name, descriptor, frames };
      return this.opened;
    } catch (error) {
      this.files.close(descriptor);
      throw error;
    }
  }
}
