/**
 * Puts the deliveries of all batches in one order. Batches end in any order, and a message pushed too early would be
 * acknowledged together with an older one that comes after it: so a delivery waits until it is on disk and until no
 * batch is open that began before it, and could still bring a smaller sequence. That is never longer than a batch and
 * a sync take.
 */
import type { Delivery } from '../../shared/batch/delivery-area';

/** A batch from its start until what it changed is on disk. */
export interface OpenBatch {
  /** The server's sequence when the batch began: its own deliveries have larger ones. */
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
      this.waiting.sort((a, b) => a.sequence - b.sequence);
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
