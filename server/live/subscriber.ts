/**
 * One user's live frames on one connection.
 *
 * States: *catching up* (a worker reads what is unread after the cursor; what comes meanwhile is kept, up to a bound) →
 * *live* (frames go straight to the socket) → *behind* (the client does not read; frames are left to the inbox until it
 * does) → catching up again.
 *
 * Invariant: everything of the user's up to `cursor` was sent here or had been read before, and everything after it will be.
 */
import { type Delivery, deliveryKind } from '../../shared/batch/delivery-area';
import type { DeliveryRun } from './delivery-queue';
import type { CaughtUp } from '../../shared/batch/tasks';
import type { TokenWords } from '../../shared/protocol/token';

/** Deliveries kept while catching up; past this the subscriber catches up once more. */
const keptMax = 1_024;

/** Where frames go: a connection. */
export interface FrameSink {
  /** False when the client reads too slowly: it is heard of again by `Live.resume`. */
  push(frames: string): boolean;
}

export class Subscriber {
  /** The rooms whose frames it gets; undefined until they are known. */
  rooms: ReadonlySet<number> | undefined;
  /** The newest sequence that needs no more work: see the invariant above. */
  cursor = 0;
  private state: 'new' | 'catchingUp' | 'live' | 'behind' = 'new';
  private kept: DeliveryRun[] = [];
  /** How many deliveries the kept runs are made of. */
  private keptCount = 0;
  /** The newest sequence of what was neither sent nor kept. */
  private missed = 0;
  private outgoing = '';

  constructor(
    readonly sink: FrameSink,
    readonly user: number,
    readonly token: TokenWords,
  ) {}

  get isBehind(): boolean {
    return this.state === 'behind';
  }

  /** Takes a delivery, in order of sequence. True when it leaves with the next `flush`. */
  take(delivery: DeliveryRun): boolean {
    if (this.state === 'live') {
      this.append(delivery);
      return true;
    }
    if (this.state === 'behind') return false;
    const count = delivery.parts?.length ?? 1;
    if (this.keptCount + count <= keptMax) {
      this.kept.push(delivery);
      this.keptCount += count;
    } else this.missed = Math.max(this.missed, delivery.sequence);
    return false;
  }

  /** Writes a frame that is no delivery, if the client can follow. */
  tell(frame: string): void {
    if (this.state !== 'live') return;
    this.outgoing += frame;
    this.flush();
  }

  /** Writes what was taken. */
  flush(): void {
    const { outgoing } = this;
    if (outgoing === '') return;
    this.outgoing = '';
    if (!this.sink.push(outgoing)) this.state = 'behind';
  }

  /** From here on deliveries are kept until `endCatchingUp`. `frame` goes first. False when that is so already. */
  beginCatchingUp(frame: string): boolean {
    this.outgoing += frame;
    if (this.state === 'catchingUp') {
      // What is under way may have looked too early.
      this.missed = Infinity;
      return false;
    }
    this.state = 'catchingUp';
    this.missed = 0;
    return true;
  }

  /** It could not be found out what is unread: `beginCatchingUp` is to be called again. */
  abandonCatchingUp(): void {
    this.state = 'new';
  }

  /** Takes what a worker found after the cursor, once `rooms` is set. True when that was not all there is. */
  endCatchingUp({ frames, through, more }: CaughtUp): boolean {
    this.cursor = Math.max(this.cursor, through);
    this.outgoing += frames;
    const isIncomplete = more || this.missed > through;
    const { kept } = this;
    if (isIncomplete) {
      // The messages among them are read from the store.
      this.kept = kept.filter(({ kind }) => kind !== deliveryKind.message).slice(-keptMax / 2);
      this.keptCount = this.kept.length;
      this.missed = 0;
    } else {
      this.kept = [];
      this.keptCount = 0;
      this.state = 'live';
      for (const delivery of kept) if (this.concerns(delivery)) this.append(delivery);
    }
    this.flush();
    return isIncomplete && !this.isBehind;
  }

  /** The rooms that the user is in: those that a worker found, and what has happened since. */
  roomsAfter({ rooms, roomsAsOf }: CaughtUp): ReadonlySet<number> {
    const found = new Set(rooms);
    for (const { kind, target, user, sequence } of this.kept) {
      if (user !== this.user || sequence <= roomsAsOf) continue;
      if (kind === deliveryKind.joined) found.add(-target);
      else if (kind === deliveryKind.left) found.delete(-target);
    }
    return found;
  }

  /** Before the rooms were known, deliveries of all rooms were kept. */
  private concerns({ target }: Delivery): boolean {
    return target > 0 ? target === this.user : this.rooms!.has(-target);
  }

  private append({ kind, target, user, sequence, frame, parts }: DeliveryRun): void {
    if (parts !== undefined && parts[0]!.sequence <= this.cursor) {
      // Some of it was found when catching up.
      for (const part of parts) this.append(part);
      return;
    }
    if (kind === deliveryKind.message) {
      if (sequence <= this.cursor) return;
      this.cursor = sequence;
      // What one says in a room is no news to oneself.
      if (target < 0 && user === this.user) return;
    }
    this.outgoing += frame;
  }
}
