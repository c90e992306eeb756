/** A store that several real threads have hammered at once, and what their books say together. */
import { auditStore, type StoreAudit } from '../../shared/store/audit';
import type { StoreCapacity } from '../../shared/store/layout';
import { createStore, Store } from '../../shared/store/store';
import { answersOf } from './compiled-worker';
import { LoneMemory } from './crashing-memory';
import { takeAllMessages } from './inbox-collector';
import { activeUsers } from './store-snapshot';
import type { HammerAnswer, HammeredTake, HammerMix, HammerRequest } from './store-hammer-worker';
import { ignoreLongWaits, nameOf, textOf, tokenOf } from './store-values';
import { ThreadBarrier } from './thread-barrier';

export interface HammerShape {
  readonly threads: number;
  readonly receivers: number;
  readonly operations: number;
  readonly seed: number;
  readonly mix: HammerMix;
  readonly accessesPerPause: number;
  readonly capacity: Omit<StoreCapacity, 'threadsMax'>;
}

const observer = 1_000_000;

export class HammeredStore {
  /** Of the store as the threads left it. */
  readonly audit: StoreAudit;
  private readonly store: Store;

  private constructor(
    private readonly shape: HammerShape,
    private readonly buffer: SharedArrayBuffer,
    readonly answers: readonly HammerAnswer[],
  ) {
    this.audit = auditStore(buffer);
    this.store = Store.attach(new LoneMemory(buffer), observer, ignoreLongWaits);
  }

  static async after(shape: HammerShape): Promise<HammeredStore> {
    const { threads, receivers, capacity } = shape;
    const buffer = createStore({ ...capacity, threadsMax: threads + 2 });
    prepare(buffer, threads, receivers);
    const barrier = ThreadBarrier.memoryFor();
    const tickets = new SharedArrayBuffer(receivers * 4);
    const requests = Array.from({ length: threads }, (_, thread): HammerRequest => {
      return { ...shape, store: buffer, barrier, tickets, thread };
    });
    const answers = await answersOf<HammerAnswer>('store-hammer-worker.js', requests);
    return new HammeredStore(shape, buffer, answers);
  }

  get outcomes(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const { outcomes } of this.answers)
      for (const [key, count] of Object.entries(outcomes)) sums[key] = (sums[key] ?? 0) + count;
    return sums;
  }

  /** What the threads saw that must not be, and what does not add up between them. Empties the inboxes. */
  violations(): string[] {
    return [
      ...this.answers.flatMap(({ violations }) => violations),
      ...this.wrongDeliveries(),
      ...this.wrongSessions(),
      ...auditStore(this.buffer).findings,
    ];
  }

  /** Every message exactly once, and those of one sender to one receiver in order. */
  private wrongDeliveries(): string[] {
    const { threads, receivers } = this.shape;
    return Array.from({ length: receivers }, (_, receiver) => {
      const messages = this.takesOf(receiver).flatMap((take) => take.messages);
      return Array.from({ length: threads }, (__, thread) => {
        const numbers = messages.filter(([from]) => from === thread).map(([, number]) => number);
        const sent = this.answers[thread]!.sent[receiver]!;
        const isRight = numbers.length === sent && numbers.every((number, index) => number === index);
        return isRight ? [] : [`thread ${thread} sent ${sent} to ${receiver}, received: ${numbers.join()}`];
      });
    }).flat(2);
  }

  /** All takes of an inbox in the order in which they had its lock; the last is ours. */
  private takesOf(receiver: number): HammeredTake[] {
    const takes = this.answers.flatMap((answer) => answer.takes.filter((take) => take.receiver === receiver));
    const rest = takeAllMessages(this.store, this.shape.threads + 1 + receiver).map(({ text }) => {
      const [thread, number] = text.slice(0, text.indexOf(':')).split('.').map(Number);
      return [thread!, number!] as const;
    });
    takes.sort((one, other) => one.ticket - other.ticket);
    return [...takes, { receiver, ticket: Infinity, messages: rest }];
  }

  /** The store's sessions are those that the threads hold, but for those that a change of password has ended. */
  private wrongSessions(): string[] {
    const tokens = this.answers.flatMap(({ openTokens }) => openTokens);
    const users = tokens
      .map((token) => this.store.useSession(tokenOf(token), 3))
      .filter((user) => user !== 0);
    const active = activeUsers(this.store);
    const wrong: string[] = [];
    if (users.length !== this.audit.sessions)
      wrong.push(`${users.length} sessions are valid, the store holds ${this.audit.sessions}`);
    if ([...new Set(users)].sort().join() !== [...active].sort().join())
      wrong.push(`active are ${active.join()}, with sessions ${users.join()}`);
    return wrong;
  }
}

function prepare(buffer: SharedArrayBuffer, threads: number, receivers: number): void {
  const store = Store.attach(new LoneMemory(buffer), observer + 1, ignoreLongWaits);
  const names = [
    ...Array.from({ length: threads }, (_, thread) => `thread-${thread}`),
    ...Array.from({ length: receivers }, (_, receiver) => `receiver-${receiver}`),
  ];
  for (const name of names) store.createUser(nameOf(name), textOf(name), textOf('hash'));
}
