/** Sends to and takes from one inbox a round, together with other threads, and records when and with what result. */
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { Store } from '../../shared/store/store';
import { takeMessages } from './inbox-collector';
import { type InboxRecord, receiverOf } from './inbox-history';
import { JitteryMemory } from './jittery-memory';
import { RandomNumbers } from './random-numbers';
import { idOf, nameOf, textOf } from './store-values';
import { TextRuns } from './text-runs';
import { ThreadBarrier } from './thread-barrier';

export interface HistoryRequest {
  readonly store: SharedArrayBuffer;
  readonly barrier: SharedArrayBuffer;
  readonly threads: number;
  /** From 0. */
  readonly thread: number;
  readonly rounds: number;
  readonly operationsPerRound: number;
  readonly seed: number;
}

export interface HistoryAnswer {
  /** Of every round, this thread's operations. */
  readonly records: readonly (readonly InboxRecord[])[];
  readonly longWaits: number;
}

function record({
  store: buffer,
  barrier,
  threads,
  thread,
  rounds,
  seed,
  ...rest
}: HistoryRequest): HistoryAnswer {
  let longWaits = 0;
  const random = new RandomNumbers(seed * 31 + thread);
  const store = Store.attach(new JitteryMemory(buffer, random, 25), threadId, () => {
    longWaits += 1;
  });
  const start = new ThreadBarrier(barrier, threads);
  const records = Array.from({ length: rounds }, (_, round) => {
    const operation = new InboxOperations(store, random, round, thread);
    start.pass();
    return Array.from({ length: rest.operationsPerRound }, (__, number) => operation.next(number));
  });
  return { records, longWaits };
}

class InboxOperations {
  private readonly receiver;
  private readonly user: number;
  private readonly sent: { readonly value: number; readonly sequence: number }[] = [];

  constructor(
    private readonly store: Store,
    private readonly random: RandomNumbers,
    round: number,
    private readonly thread: number,
  ) {
    this.receiver = nameOf(receiverOf(round));
    this.user = store.credentialsOf(this.receiver)!.user;
  }

  next(number: number): InboxRecord {
    switch (this.random.below(10)) {
      case 0:
        return this.fetch();
      case 1:
        return this.sent.length === 0 ? this.fetch() : this.acknowledge();
      case 2:
      case 3:
      case 4:
        return this.take();
      default:
        return this.send(this.thread * 100 + number);
    }
  }

  private send(value: number): InboxRecord {
    const text = textOf(`${value}`.padEnd(this.random.of([4, 120, 500])));
    const calledAt = now();
    const outcome = this.store.mail.send((this.thread % 2) + 1, this.receiver, text, 1);
    const returnedAt = now();
    if (outcome === 'OK') this.sent.push({ value, sequence: this.store.posts.delivered.sequence });
    return { kind: 'send', value, outcome, calledAt, returnedAt };
  }

  private fetch(): InboxRecord {
    const messagesMax = this.random.of([1, 2, 100]);
    const values: number[] = [];
    const { mail } = this.store;
    const calledAt = now();
    mail.fetch(this.user, messagesMax, {
      message: ({ firstBlock, textBytes }) => {
        const runs = new TextRuns();
        mail.copyText(firstBlock, textBytes, runs);
        return values.push(Number(runs.text)) > 0;
      },
    });
    return { kind: 'fetch', messagesMax, values, calledAt, returnedAt: now() };
  }

  /** Of a message that this thread has sent, whoever may have read it since. */
  private acknowledge(): InboxRecord {
    const { value, sequence } = this.random.of(this.sent);
    const calledAt = now();
    const outcome = this.store.mail.acknowledge(this.user, idOf(sequence, this.user));
    if (outcome !== 'OK') throw new Error(`message ${value} was acknowledged: ${outcome}`);
    return { kind: 'ack', value, calledAt, returnedAt: now() };
  }

  private take(): InboxRecord {
    const messagesMax = this.random.of([1, 2, 100]);
    const calledAt = now();
    const taken = takeMessages(this.store, this.user, { messagesMax });
    const returnedAt = now();
    return { kind: 'take', messagesMax, values: taken.map(({ text }) => Number(text)), calledAt, returnedAt };
  }
}

/** Nanoseconds of a clock that all threads share. */
function now(): number {
  return Number(process.hrtime.bigint());
}

parentPort!.postMessage(record(workerData as HistoryRequest));
