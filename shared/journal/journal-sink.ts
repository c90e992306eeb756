/**
 * What the journal thread needs of the place where records are kept. `SegmentLog` is one on this machine's disk; a
 * distributed engine may take its place.
 *
 * Positions are counts of 32-bit words of payload appended since the data directory began: they ascend for ever, and
 * every position that passes this interface is one where an `append` began or ended.
 */

/** Takes what was appended in one call, or its rest. `payload` is valid until the visit returns. */
export type PayloadVisitor = (payload: Int32Array, position: number) => void;

export interface JournalSink {
  /** The lowest position that `read` can begin at. */
  readonly firstPosition: number;
  /** Where the next payload will begin. */
  readonly endPosition: number;
  /** Everything before it is on disk. Never above `endPosition`. */
  readonly syncedPosition: number;

  /**
   * Appends the parts, one after the other, as one payload: all of it will be replayed or nothing. The parts may be
   * changed as soon as the call returns.
   * @param parts whole words together, 1 to `payloadWordsMax` of them.
   * @returns the position after it, which is on disk once `syncedPosition` has reached it.
   * @throws what the system says (ENOSPC, EIO, …). The payload was then not taken, and will not be replayed; the same
   *   call may be made again at any time.
   */
  append(parts: readonly Uint8Array[]): number;

  /**
   * Sees to it that the next `payloadCount` payloads, `payloadWords` in all, need no more space of the disk.
   * @throws what the system says (ENOSPC, EIO, …). What was reserved before still is.
   */
  reserve(payloadWords: number, payloadCount: number): void;

  /**
   * Brings everything appended to disk.
   * @throws what the system says. Everything appended is still taken, and the next `sync` tries again.
   */
  sync(): void;

  /** Visits every payload that ends after `from`, in order; the first is cut to begin at `from`. */
  read(from: number, visit: PayloadVisitor): void;

  /** Lets go of payloads before a position that is on disk. They may stay readable for a while. */
  trim(before: number): void;

  /** Ends the use of it, without a sync. */
  close(): void;
}
