/**
 * What a batch's subscribers are to hear of, beside its replies: messages that were delivered, messages that were read,
 * members who came and went. Written by the worker while it runs the batch, and only while anybody is subscribed.
 *
 * ```
 *   │ count │ frame bytes │ overflowed │ deliveries: 8 words each │ frame bytes │
 * ```
 *
 * What finds no room is left out and noted: the main thread then lets every subscriber catch up from the store, so
 * nothing is lost.
 */
import { highWord, joinWords, lowWord } from '../journal/record';
import { ReplyWriter } from '../protocol/reply-writer';

const deliveriesMax = 2_048;
const frameAreaBytes = 1_048_576;
/** Room that one frame may need: the longest text and all that goes around it. */
export const frameBytesMax = 16_384;

const headWords = 8;
const head = { count: 0, frameBytes: 1, overflowed: 2 } as const;
const deliveryWords = 8;
const field = {
  kind: 0,
  target: 1,
  user: 2,
  sequenceLow: 3,
  sequenceHigh: 4,
  segment: 5,
  frameStart: 6,
  frameEnd: 7,
} as const;

const areaWords = headWords + deliveriesMax * deliveryWords;
export const deliveryAreaBytes = areaWords * 4 + frameAreaBytes;

export const deliveryKind = {
  /** A message; `user` sent it. */
  message: 1,
  /** `target` has read everything up to `sequence`; the connection that asked knows already. */
  read: 2,
  /** `user` is a member of the room `target` from now on. */
  joined: 3,
  /** …and no more. */
  left: 4,
  /** Sessions of `target` have ended. No frame. */
  sessionsEnded: 5,
} as const;

export type DeliveryKind = (typeof deliveryKind)[keyof typeof deliveryKind];

export interface Delivery {
  readonly kind: DeliveryKind;
  /** Whose subscribers are to hear it: a user's, or those in a room, given as its negative number. */
  readonly target: number;
  readonly user: number;
  readonly sequence: number;
  /** Who asked for what happened. */
  readonly source: unknown;
  /** A whole frame, in 7-bit ASCII. */
  readonly frame: string;
}

/** The deliveries of one batch slot, as both sides see them. */
export class DeliveryArea {
  private readonly words: Int32Array;
  private readonly frames: Buffer;
  private readonly writer: ReplyWriter;

  constructor(area: SharedArrayBuffer, start: number) {
    this.words = new Int32Array(area, start, areaWords);
    this.frames = Buffer.from(area, start + areaWords * 4, frameAreaBytes);
    this.writer = new ReplyWriter(this.frames, frameAreaBytes);
  }

  clear(): void {
    this.words[head.count] = 0;
    this.words[head.frameBytes] = 0;
    this.words[head.overflowed] = 0;
  }

  /**
   * Begins a delivery; its frame, if it has one, is written to what this returns before `end` is called. Undefined when
   * there is no room.
   */
  begin(kind: DeliveryKind, target: number, user: number, sequence: number): ReplyWriter | undefined {
    const { words, writer } = this;
    const count = words[head.count]!;
    writer.at = words[head.frameBytes]!;
    if (count === deliveriesMax || writer.roomBytes < frameBytesMax) {
      words[head.overflowed] = 1;
      return undefined;
    }
    const at = headWords + count * deliveryWords;
    words[at + field.kind] = kind;
    words[at + field.target] = target;
    words[at + field.user] = user;
    words[at + field.sequenceLow] = lowWord(sequence);
    words[at + field.sequenceHigh] = highWord(sequence);
    words[at + field.frameStart] = writer.at;
    return writer;
  }

  end(segment: number): void {
    const { words, writer } = this;
    const count = words[head.count]!;
    const at = headWords + count * deliveryWords;
    words[at + field.segment] = segment;
    words[at + field.frameEnd] = writer.at;
    words[head.frameBytes] = writer.at;
    words[head.count] = count + 1;
  }

  get isEmpty(): boolean {
    return this.words[head.count] === 0 && this.words[head.overflowed] === 0;
  }

  /** Some deliveries found no room. */
  get hasOverflowed(): boolean {
    return this.words[head.overflowed] === 1;
  }

  /** All deliveries, copied out. `sources` has who asked, by segment. */
  copy(sources: readonly unknown[]): Delivery[] {
    return Array.from({ length: this.words[head.count]! }, (_, index) => this.copyOne(index, sources));
  }

  private copyOne(index: number, sources: readonly unknown[]): Delivery {
    const { words } = this;
    const at = headWords + index * deliveryWords;
    return {
      kind: words[at + field.kind] as DeliveryKind,
      target: words[at + field.target]!,
      user: words[at + field.user]!,
      sequence: joinWords(words[at + field.sequenceLow]!, words[at + field.sequenceHigh]!),
      source: sources[words[at + field.segment]!],
      frame: this.frames.toString('latin1', words[at + field.frameStart], words[at + field.frameEnd]),
    };
  }
}
