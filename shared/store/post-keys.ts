/**
 * The steps that a delivery takes for its idempotency key, if it has one: the same for users and rooms. Holds what the
 * operation in hand needs of it.
 */
import type { IdempotencyKey } from '../protocol/idempotency-key';
import { MessageId } from '../protocol/message-id';
import type { KeyTable } from './key-table';
import type { Locks } from './lock';
import type { Sequence } from './sequence';

export class PostKeys {
  /** The message that the last delivery of this thread delivered, or that its key had led to before. */
  readonly delivered = new MessageId();
  /** Whether it was the latter. */
  isDuplicate = false;

  private digest: Int32Array = new Int32Array(4);
  private atSeconds = 0;
  private keyNumber = 0;

  constructor(
    private readonly locks: Locks,
    private readonly keys: KeyTable,
    private readonly sequence: Sequence,
  ) {}

  /**
   * Begins a delivery; false when its key has led to a message before. Takes the lock of the key, which comes before all
   * others, and holds it until the operation ends: whoever comes with the same key waits for what becomes of this one.
   */
  isNew(sender: number, key: IdempotencyKey | undefined, nowMs: number): boolean {
    this.isDuplicate = false;
    this.keyNumber = 0;
    if (key === undefined) return true;
    this.digest = this.keys.digestOf(sender, key);
    this.atSeconds = Math.floor(nowMs / 1_000);
    this.locks.acquire(this.keys.lockOf(this.digest));
    const known = this.keys.find(this.digest, this.atSeconds);
    if (known === 0) return true;
    this.keys.readId(known, this.delivered);
    this.isDuplicate = true;
    return false;
  }

  /** Remembers the key, before the sequence is taken. Part of the caller's transaction. */
  remember(receiver: number): void {
    this.keyNumber = this.keys.insert(this.digest, receiver, this.atSeconds);
  }

  /** Notes what is delivered, after the sequence was taken. Part of the caller's transaction. */
  note(receiver: number): void {
    const { sequence, delivered } = this;
    if (this.keyNumber !== 0) this.keys.number(this.keyNumber, sequence.low, sequence.high);
    delivered.receiver = receiver;
    delivered.sequence = sequence.last;
  }
}
