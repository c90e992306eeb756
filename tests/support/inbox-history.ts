/**
 * Whether a recorded history of one inbox is linearizable: whether its operations can be put in one order, each at a
 * moment between its call and its return, in which a plain queue would have answered the same. Wing and Gong's search
 * with Lowe's memory of what was tried.
 */
interface Interval {
  readonly calledAt: number;
  readonly returnedAt: number;
}

export interface SendRecord extends Interval {
  readonly kind: 'send';
  readonly value: number;
  /** `UNKNOWN_OUTCOME`: it may have happened or not. */
  readonly outcome: string;
}

export interface TakeRecord extends Interval {
  readonly kind: 'take';
  readonly messagesMax: number;
  readonly values: readonly number[];
  /** It may have taken messages, or not; `values` is empty. */
  readonly isUnknown?: boolean;
}

/** A look at the oldest messages, which leaves them. */
export interface FetchRecord extends Interval {
  readonly kind: 'fetch';
  readonly messagesMax: number;
  readonly values: readonly number[];
}

/** Everything up to a message that had been sent before is marked read. */
export interface AckRecord extends Interval {
  readonly kind: 'ack';
  readonly value: number;
}

export type InboxRecord = SendRecord | TakeRecord | FetchRecord | AckRecord;

/** Whose inbox a round is about. */
export function receiverOf(round: number): string {
  return `receiver-${round}`;
}

/** At most 30 operations. */
export function isLinearizable(history: readonly InboxRecord[], inboxMessagesMax: number): boolean {
  if (history.length > 30) throw new RangeError(`${history.length} operations are too many for one search`);
  return new LinearizationSearch(history, inboxMessagesMax).run();
}

/** What the inbox may be after an operation; nothing when a queue would not have answered so. */
function apply(
  inbox: readonly number[],
  record: InboxRecord,
  inboxMessagesMax: number,
): readonly (readonly number[])[] {
  if (record.kind === 'send') {
    const isFull = inbox.length >= inboxMessagesMax;
    const sent = isFull ? inbox : [...inbox, record.value];
    if (record.outcome === 'UNKNOWN_OUTCOME') return isFull ? [inbox] : [sent, inbox];
    return record.outcome === (isFull ? 'INBOX_FULL' : 'OK') ? [sent] : [];
  }
  // Of a message that is read already, it changes nothing.
  if (record.kind === 'ack') return [inbox.slice(inbox.indexOf(record.value) + 1)];
  const taken = inbox.slice(0, record.messagesMax);
  if (record.kind === 'fetch') return taken.join() === record.values.join() ? [inbox] : [];
  const left = inbox.slice(taken.length);
  if (record.isUnknown === true) return taken.length === 0 ? [inbox] : [left, inbox];
  return taken.join() === record.values.join() ? [left] : [];
}

class LinearizationSearch {
  /** What was tried in vain: operations done and the inbox that they left. */
  private readonly tried = new Set<string>();

  constructor(
    private readonly history: readonly InboxRecord[],
    private readonly inboxMessagesMax: number,
  ) {}

  run(): boolean {
    return this.search(0, []);
  }

  /** `done` has a bit for every operation that has its place already. */
  private search(done: number, inbox: readonly number[]): boolean {
    const { history } = this;
    const left = history.filter((_, index) => (done & (1 << index)) === 0);
    if (left.length === 0) return true;
    const state = `${done}:${inbox.join()}`;
    if (this.tried.has(state)) return false;
    this.tried.add(state);
    // The next one must have been called before any of those left had returned.
    const firstReturn = Math.min(...left.map(({ returnedAt }) => returnedAt));
    return history.some((record, index) => {
      if ((done & (1 << index)) !== 0 || record.calledAt > firstReturn) return false;
      const next = apply(inbox, record, this.inboxMessagesMax);
      return next.some((left) => this.search(done | (1 << index), left));
    });
  }
}

/** Pairs of operations of which neither had returned when the other was called. */
export function countOverlaps(history: readonly InboxRecord[]): number {
  return history
    .flatMap((one, index) => history.slice(index + 1).map((other) => [one, other] as const))
    .filter(([one, other]) => one.calledAt < other.returnedAt && other.calledAt < one.returnedAt).length;
}
