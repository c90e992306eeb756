/**
 * Puts the deliveries of all batches in one order. Batches end in any order, and a message pushed too early would be
 * acknowledged together with an older one that comes after it: so a delivery waits until it is on disk and until no
 * batch is open that began before it, and could still bring a smaller sequence. That is never longer than a batch and
 * a sync take.
 */
import { type Delivery, deliveryKind } from '../../shared/batch/delivery-area';

/** Several messages of one sender to one receiver, written as one: `sequence` is that of the last. */
export interface DeliveryRun extends Delivery {
  readonly parts?: readonly Delivery[];
}

/** Puts neighbours together that go to the same subscribers, so that what they are sent is one text for all of them. */
export function mergeRuns(deliveries: readonly Delivery[]): DeliveryRun[] {
  const runs: DeliveryRun[] = [];
  for (let start = 0; start < deliveries.length;) {
    const first = deliveries[start]!;
    let end = start + 1;
    while (end < deliveries.length && isLike(first, deliveries[end]!)) end += 1;
    const parts = deliveries.slice(start, end);
    const frame = parts.map((part) => part.frame).join('');
    runs.push(parts.length === 1 ? first : { ...parts.at(-1)!, frame, parts });
    start = end;
  }
  return runs;
}

function isLike(first: Delivery, next: Delivery): boolean {
  return (
    first.kind === deliveryKind.message &&
    next.kind === deliveryKind.message &&
    first.target === next.target &&
    first.user === next.user
  );
}

/** A read has the sequence of its message, and may come here first, when the message waits for the disk. */
function readsLast({ kind }: Delivery): number {
  return kind === deliveryKind.read ? 1 : 0;
}

/** A batch from its start until what it changed is on disk. */
export interface OpenBatch {
  /** The server's sequence when the batch began: its own deliveries have larger ones, or this one where nobody else has. */
  readonly sequenceBefore: number;
}

export class DeliveryQueue {
  /** In order of their beginning, which is the order of `sequenceBefore` too. */
  private readonly open: OpenBatch[] = [];
  /** In order of sequence. */
  private waiting: Delivery[] = [];

  /** @param release Gets deliveries in order of sequence. */
  constructor(private readonly release: (deliveries: readonly Delivery[]) => void) {}

  begin(sequenceBefore: number): OpenBatch {
    const batch = { sequenceBefore };
    this.open.push(batch);
    return batch;
  }

  /** A batch has ended and is on disk. */
  end(batch: OpenBatch, deliveries: readonly Delivery[]): void {
    this.open.splice(this.open.indexOf(batch), 1);
    if (deliveries.length > 0) {
      this.waiting.push(...deliveries);
      this.waiting.sort((a, b) => a.sequence - b.sequence || readsLast(a) - readsLast(b));
    }
    if (this.waiting.length > 0) this.releaseReached();
  }

  private releaseReached(): void {
    const reached = this.open[0]?.sequenceBefore ?? Infinity;
    const { waiting } = this;
    let count = 0;
    while (count < waiting.length && waiting[count]!.sequence <= reached) count += 1;
    if (count === 0) return;
    this.waiting = waiting.slice(count);
    this.release(count === waiting.length ? waiting : waiting.slice(0, count));
  }
}
