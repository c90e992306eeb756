/**
 * Live frames: who is subscribed, and what they are told. The main thread's side of `subscribe`.
 *
 * Workers note deliveries beside the replies of a batch (`shared/batch/delivery-area.ts`); they come here once they are
 * on disk, are put in order, and go to the subscribers of their user or room. Whoever cannot follow catches up from
 * the store, which holds everything until it is acknowledged: nothing is queued here without a bound, and nothing is
 * lost.
 */
import { type Delivery, deliveryKind } from '../../shared/batch/delivery-area';
import type { CaughtUp, CatchUpTask, Subscription } from '../../shared/batch/tasks';
import type { JsonValue } from '../../shared/protocol/json-ascii';
import { encodeFrame } from '../../shared/protocol/reply-writer';
import type { TokenWords } from '../../shared/protocol/token';
import type { SubscriptionFlags } from '../../shared/store/subscription-flags';
import { DeliveryQueue, type DeliveryRun, mergeRuns, type OpenBatch } from './delivery-queue';
import { type FrameSink, Subscriber } from './subscriber';

/** Subscriptions of one connection: it may have sessions of several users. */
const subscriptionsPerSinkMax = 16;
/** Clients that are told of a restart come back no sooner than this, spread over as long again and more. */
const restartDelayMs = 500;
const restartSpreadMs = 2_000;
/** After a failure to catch up. */
const retryMs = 1_000;

/** What live frames need of the workers and the disk. */
export interface LiveBackend {
  /** What is unread after a sequence; resolves once all of it is on disk. Undefined when the session has ended. */
  catchUp(task: CatchUpTask): Promise<CaughtUp | undefined>;
  /** Which of the sessions are valid, in the order given. */
  areValid(tokens: readonly TokenWords[]): Promise<readonly boolean[]>;
  onFailure(error: unknown): void;
}

export class Live {
  private readonly queue = new DeliveryQueue((deliveries) => {
    this.dispatch(deliveries);
  });
  private readonly bySink = new Map<FrameSink, Subscriber[]>();
  private readonly byUser = new Map<number, Set<Subscriber>>();
  private readonly byRoom = new Map<number, Set<Subscriber>>();
  /** Those whose rooms are not known yet. */
  private readonly unplaced = new Set<Subscriber>();
  private count = 0;

  constructor(
    private readonly flags: SubscriptionFlags,
    private readonly backend: LiveBackend,
  ) {}

  /** Whether anybody is subscribed. */
  get isWanted(): boolean {
    return this.count > 0;
  }

  /** Who is subscribed. */
  get users(): number[] {
    return [...this.byUser.keys()];
  }

  /** A batch begins. It must come to `endBatch`. */
  beginBatch(): OpenBatch {
    return this.queue.begin(this.flags.sequence);
  }

  /** A batch has ended and what it did is on disk. */
  endBatch(batch: OpenBatch, deliveries: readonly Delivery[]): void {
    this.queue.end(batch, deliveries);
  }

  /** Deliveries may be missing: everybody reads from the store what was not sent yet. */
  catchUpAll(): void {
    for (const subscribers of this.byUser.values())
      for (const subscriber of subscribers) if (!subscriber.isBehind) this.catchUp(subscriber);
  }

  /** A second subscription of the same user takes the place of the first; one too many that of the oldest. */
  subscribe(sink: FrameSink, { user, token }: Subscription): void {
    const own = this.bySink.get(sink) ?? [];
    const replaced =
      own.find((subscriber) => subscriber.user === user) ??
      (own.length < subscriptionsPerSinkMax ? undefined : own[0]);
    if (replaced !== undefined) this.remove(replaced);
    const subscriber = new Subscriber(sink, user, token);
    this.bySink.set(sink, [...(this.bySink.get(sink) ?? []), subscriber]);
    addTo(this.byUser, user, subscriber);
    this.unplaced.add(subscriber);
    this.count += 1;
    this.flags.setUser(user, this.byUser.get(user)!.size);
    this.flags.setAll(this.count);
    this.catchUp(subscriber);
  }

  /** The connection has closed. */
  forget(sink: FrameSink): void {
    for (const subscriber of this.bySink.get(sink) ?? []) this.remove(subscriber);
  }

  /** The connection reads again. */
  resume(sink: FrameSink): void {
    for (const subscriber of this.bySink.get(sink) ?? [])
      if (subscriber.isBehind) this.catchUp(subscriber, gapFrame);
  }

  /** Ends the subscriptions whose sessions have ended; of one user, or of all. */
  async checkSessions(user?: number): Promise<void> {
    const subscribers =
      user === undefined ? [...this.bySink.values()].flat() : [...(this.byUser.get(user) ?? [])];
    if (subscribers.length === 0) return;
    const valid = await this.backend.areValid(subscribers.map(({ token }) => token));
    for (const [index, subscriber] of subscribers.entries()) {
      // Another look at the same time may have found the same.
      if (valid[index] === true || !this.isKnown(subscriber)) continue;
      subscriber.sink.push(logoutFrame);
      this.remove(subscriber);
    }
  }

  /** Whether a connection gets the frames of a user. */
  isSubscribed(sink: FrameSink, user: number): boolean {
    return this.bySink.get(sink)?.some((subscriber) => subscriber.user === user) ?? false;
  }

  /** Tells events that nobody will miss: those subscribers who can follow, in one write each. */
  tell(told: readonly { readonly listeners: readonly number[]; readonly event: JsonValue }[]): void {
    const frames = new Map<number, string>();
    for (const { listeners, event } of told) {
      const frame = encodeFrame(event);
      for (const user of listeners) frames.set(user, (frames.get(user) ?? '') + frame);
    }
    for (const [user, text] of frames)
      for (const subscriber of this.byUser.get(user) ?? []) subscriber.tell(text);
  }

  /** Tells every subscriber that the server goes away, and when to come back: not all at once. */
  announceRestart(): void {
    for (const sink of this.bySink.keys()) {
      const delayMs = restartDelayMs + Math.floor(Math.random() * restartSpreadMs);
      sink.push(encodeFrame({ event: 'restart', retry_ms: delayMs }));
    }
  }

  private dispatch(deliveries: readonly Delivery[]): void {
    const touched = new Set<Subscriber>();
    const give = (subscriber: Subscriber, delivery: DeliveryRun): void => {
      if (subscriber.take(delivery)) touched.add(subscriber);
    };
    for (const delivery of mergeRuns(deliveries)) {
      const { kind, target, user } = delivery;
      if (kind === deliveryKind.sessionsEnded) {
        this.checkSessions(target).catch((error: unknown) => {
          this.backend.onFailure(error);
        });
        continue;
      }
      if (kind === deliveryKind.joined) this.moveUser(user, -target, true);
      if (target > 0) {
        for (const subscriber of this.byUser.get(target) ?? [])
          if (subscriber.sink !== delivery.source || kind !== deliveryKind.read) give(subscriber, delivery);
      } else {
        for (const subscriber of this.byRoom.get(-target) ?? []) give(subscriber, delivery);
        for (const subscriber of this.unplaced) give(subscriber, delivery);
      }
      if (kind === deliveryKind.left) this.moveUser(user, -target, false);
    }
    for (const subscriber of touched) subscriber.flush();
  }

  private catchUp(subscriber: Subscriber, firstFrame = ''): void {
    if (!subscriber.beginCatchingUp(firstFrame)) return;
    void this.runCatchUp(subscriber);
  }

  private async runCatchUp(subscriber: Subscriber): Promise<void> {
    const { user, token } = subscriber;
    try {
      for (let isIncomplete = true; isIncomplete && this.isKnown(subscriber);) {
        const found = await this.backend.catchUp({ user, token, after: subscriber.cursor });
        if (!this.isKnown(subscriber)) return;
        if (found === undefined) {
          subscriber.sink.push(logoutFrame);
          this.remove(subscriber);
          return;
        }
        this.place(subscriber, subscriber.roomsAfter(found));
        isIncomplete = subscriber.endCatchingUp(found);
      }
    } catch (error) {
      this.backend.onFailure(error);
      subscriber.abandonCatchingUp();
      setTimeout(() => {
        if (this.isKnown(subscriber)) this.catchUp(subscriber);
      }, retryMs).unref();
    }
  }

  private isKnown(subscriber: Subscriber): boolean {
    return this.byUser.get(subscriber.user)?.has(subscriber) ?? false;
  }

  private place(subscriber: Subscriber, rooms: ReadonlySet<number>): void {
    for (const room of subscriber.rooms ?? [])
      if (!rooms.has(room)) removeFrom(this.byRoom, room, subscriber);
    for (const room of rooms) addTo(this.byRoom, room, subscriber);
    subscriber.rooms = rooms;
    this.unplaced.delete(subscriber);
  }

  /** A member has joined a room, or left it. */
  private moveUser(user: number, room: number, isMember: boolean): void {
    for (const subscriber of this.byUser.get(user) ?? []) {
      if (subscriber.rooms === undefined) continue;
      const rooms = new Set(subscriber.rooms);
      if (isMember) rooms.add(room);
      else rooms.delete(room);
      this.place(subscriber, rooms);
    }
  }

  private remove(subscriber: Subscriber): void {
    const { sink, user } = subscriber;
    if (!this.isKnown(subscriber)) return;
    const others = (this.bySink.get(sink) ?? []).filter((other) => other !== subscriber);
    if (others.length === 0) this.bySink.delete(sink);
    else this.bySink.set(sink, others);
    this.place(subscriber, new Set());
    removeFrom(this.byUser, user, subscriber);
    this.count -= 1;
    this.flags.setUser(user, this.byUser.get(user)?.size ?? 0);
    this.flags.setAll(this.count);
  }
}

const gapFrame = encodeFrame({ event: 'gap' });
const logoutFrame = encodeFrame({ event: 'logout' });

function addTo(index: Map<number, Set<Subscriber>>, key: number, subscriber: Subscriber): void {
  const found = index.get(key);
  if (found === undefined) index.set(key, new Set([subscriber]));
  else found.add(subscriber);
}

function removeFrom(index: Map<number, Set<Subscriber>>, key: number, subscriber: Subscriber): void {
  const found = index.get(key);
  found?.delete(subscriber);
  if (found?.size === 0) index.delete(key);
}
