/**
 * The journal on this machine's disk: a folder of segments, appended to by one thread, which blocks while it does so.
 *
 * ```
 *            firstPosition                         syncedPosition     endPosition
 *                 │                                        │                │
 *      segment 7  ▼        segment 8           segment 9   ▼                ▼
 *     ┌────────────────┬───────────────────┬─────────────────────────────────┬───────────┐
 *     │ frames         │ frames            │ frames           frames, also   │ zeros or  │
 *     │                │                   │                  in memory      │ old frames│
 *     └────────────────┴───────────────────┴─────────────────────────────────┴───────────┘
 * ```
 *
 * Invariants, which hold whatever fails and wherever the power goes:
 *
 * 1. A segment begins at a position before which everything is on disk, and gets its name after its header.
 * 2. Nothing is written over a frame, and nothing after a place where a write or a sync has failed or a process has
 *    ended: what was not known to be on disk is written again, into a segment of its own, and what the earlier one has
 *    from there on counts no more.
 */
import { systemFiles } from './file-layer';
import type { FileLayer } from './file-layer';
import { frameHeaderBytes, payloadWordsMax, wordBytes } from './frame';
import type { SegmentUse } from './frame';
import { JournalError } from './journal-error';
import { findJournalEnd } from './journal-end';
import type { JournalSink, PayloadVisitor } from './journal-sink';
import { drawSalt, encodeSegmentHeader, nameSegment, segmentHeaderBytes } from './segment';
import { SegmentFolder } from './segment-folder';
import { SegmentReader } from './segment-reader';
import { SegmentWriter } from './segment-writer';
import { UnsyncedFrames } from './unsynced-frames';

export const segmentBytesDefault = 64 * 1024 * 1024;
const segmentBytesMin = 256;
/** An append beyond it syncs first: frames not on disk are kept in memory too. */
const unsyncedBytesMax = 32 * 1024 * 1024;

export interface SegmentLogOptions {
  /** The size of a segment; a longer frame gets one of its own size. A folder may have been written with another. */
  readonly segmentBytes?: number;
  /** Where the first payload goes when the folder is empty. */
  readonly startPosition?: number;
  readonly files?: FileLayer;
}

export class SegmentLog implements JournalSink {
  private generation: number;
  /** What the frames of the segment being written are stamped with. */
  private use: SegmentUse = { generation: 0, salt: 0 };
  /** Undefined after a failure: the next call begins a new segment. */
  private writer: SegmentWriter | undefined;
  private readonly unsynced = new UnsyncedFrames();
  private end: number;
  private synced: number;

  /**
   * Opens a journal, or begins one: creates the folder, for its owner alone, if it is missing. Drops an end that a
   * power cut has torn, for good. Nothing else may write to the folder, which is for the caller to see to.
   *
   * Everything up to `endPosition` is on disk then, unless the disk refuses a new segment: what there is can be read and
   * trimmed all the same, `syncedPosition` is lower, and `sync` says why, or succeeds when there is space again.
   * @throws JOURNAL_DAMAGED, JOURNAL_VERSION, or what the system says.
   */
  static open(folder: string, options: SegmentLogOptions = {}): SegmentLog {
    const segmentBytes = options.segmentBytes ?? segmentBytesDefault;
    if (segmentBytes < segmentBytesMin || segmentBytes % wordBytes !== 0)
      throw new RangeError(`a segment of ${segmentBytes} bytes`);
    const files = options.files ?? systemFiles;
    return new SegmentLog(
      files,
      new SegmentFolder(files, folder, segmentBytes),
      segmentBytes,
      options.startPosition ?? 0,
    );
  }

  private constructor(
    private readonly files: FileLayer,
    private readonly folder: SegmentFolder,
    private readonly segmentBytes: number,
    startPosition: number,
  ) {
    const last = folder.segments.at(-1);
    this.generation = last?.generation ?? 0;
    this.synced = startPosition;
    this.end = startPosition;
    if (last !== undefined) {
      const keep: PayloadVisitor = (payload, position) => {
        const bytes = new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
        // The stamp is made anew when the segment for it is begun.
        this.unsynced.add([bytes], bytes.length, { generation: 0, salt: 0, position, syncedPosition: 0 });
      };
      const found = findJournalEnd(files, folder.path, folder.segments, keep);
      this.synced = found.syncedPosition;
      this.end = found.endPosition;
    }
    try {
      this.beginSegment();
      folder.tidy();
    } catch (error) {
      this.leaveSegment();
      // A full disk must not keep anyone from reading, or from the trim that makes room.
      if (last === undefined) throw error;
    }
  }

  get firstPosition(): number {
    return this.folder.segments[0]!.firstPosition;
  }

  get endPosition(): number {
    return this.end;
  }

  get syncedPosition(): number {
    return this.synced;
  }

  append(parts: readonly Uint8Array[]): number {
    const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
    const payloadWords = payloadBytes / wordBytes;
    if (!Number.isInteger(payloadWords) || payloadWords < 1 || payloadWords > payloadWordsMax)
      throw new RangeError(`a payload of ${payloadBytes} bytes`);
    const frameBytes = frameHeaderBytes + payloadBytes;
    if (this.unsynced.byteCount > 0 && this.unsynced.byteCount + frameBytes > unsyncedBytesMax) this.sync();
    const writer = this.writerFor(frameBytes);
    const frame = this.unsynced.add(parts, payloadBytes, {
      ...this.use,
      position: this.end,
      syncedPosition: this.synced,
    });
    try {
      writer.writeFrames(frame);
    } catch (error) {
      this.unsynced.removeLast(frameBytes);
      this.abandonSegment();
      throw error;
    }
    this.end += payloadWords;
    return this.end;
  }

  reserve(payloadWords: number, payloadCount: number): void {
    const bytes = payloadWords * wordBytes + payloadCount * frameHeaderBytes;
    if (segmentHeaderBytes + bytes > this.segmentBytes)
      throw new RangeError(`${bytes} bytes of frames are more than a segment holds`);
    const writer = this.writer ?? this.beginSegment();
    writer.reserve(Math.min(bytes, writer.roomBytes));
    // The first frame that does not fit goes to the next segment, whole, and so do all that come after it.
    if (writer.roomBytes < bytes) this.folder.reserve(this.generation + 1, segmentHeaderBytes + bytes);
  }

  sync(): void {
    if (this.writer === undefined) {
      this.beginSegment();
      return;
    }
    if (this.synced === this.end) return;
    try {
      this.writer.sync();
    } catch (error) {
      this.leaveSegment();
      throw error;
    }
    this.markSynced();
  }

  read(from: number, visit: PayloadVisitor): void {
    if (from > this.end)
      throw new JournalError(
        'JOURNAL_DAMAGED',
        this.folder.path,
        0,
        `the journal ends at ${this.end}, and ${from} was asked for`,
      );
    const reader = new SegmentReader(this.folder.path, this.files);
    try {
      reader.read(from, this.synced, visit);
    } finally {
      reader.close();
    }
    this.unsynced.forEach((payload, position) => {
      const skippedWords = Math.max(0, from - position);
      if (skippedWords < payload.length) visit(payload.subarray(skippedWords), position + skippedWords);
    });
  }

  trim(before: number): void {
    if (before > this.synced) throw new RangeError(`${before} is not on disk, ${this.synced} is`);
    const { segments } = this.folder;
    while (segments.length > 1 && segments[1]!.firstPosition <= before) this.folder.retire(segments[0]!);
  }

  close(): void {
    this.leaveSegment();
  }

  /** The segment to write a frame of this size to, with blocks for it. */
  private writerFor(frameBytes: number): SegmentWriter {
    let writer = this.writer ?? this.beginSegment();
    if (!writer.hasRoomFor(frameBytes)) {
      this.sync();
      this.leaveSegment();
      writer = this.beginSegment();
    }
    writer.reserve(frameBytes);
    return writer;
  }

  /**
   * Begins a segment at the synced position, with all frames that come after it, and brings it to disk. When it throws,
   * there is no segment being written, and it may be called again.
   */
  private beginSegment(): SegmentWriter {
    this.generation += 1;
    this.use = { generation: this.generation, salt: drawSalt() };
    const segment = nameSegment(this.generation, this.synced);
    this.unsynced.moveTo(this.use, this.synced);
    const { name, descriptor, sizeBytes } = this.folder.takeSpare(this.generation);
    const capacityBytes = Math.max(this.segmentBytes, segmentHeaderBytes + this.unsynced.byteCount);
    const writer = new SegmentWriter(this.files, descriptor, sizeBytes, capacityBytes);
    try {
      writer.reserve(this.unsynced.byteCount);
      writer.writeHeader(encodeSegmentHeader(segment, this.use.salt));
      writer.writeFrames(this.unsynced.bytes);
      writer.sync();
      this.folder.publish(name, segment);
    } catch (error) {
      writer.close();
      throw error;
    }
    this.writer = writer;
    this.markSynced();
    return writer;
  }

  private markSynced(): void {
    this.synced = this.end;
    this.unsynced.clear();
  }

  private leaveSegment(): void {
    this.writer?.close();
    this.writer = undefined;
  }

  /** Puts what a failed append may have left of its frame out of reach, at once if the disk allows. */
  private abandonSegment(): void {
    this.leaveSegment();
    try {
      this.beginSegment();
    } catch {
      // The append's own error is the one to report. The next call begins the segment, or says why it cannot.
    }
  }
}
