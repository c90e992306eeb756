/** Histories of real threads on real inboxes, one inbox a round. */
import { auditStore } from '../../shared/store/audit';
import { createStore, Store } from '../../shared/store/store';
import { answersOf } from './compiled-worker';
import { LoneMemory } from './crashing-memory';
import { type InboxRecord, receiverOf } from './inbox-history';
import type { HistoryAnswer, HistoryRequest } from './inbox-history-worker';
import { ignoreLongWaits, nameOf, textOf } from './store-values';
import { ThreadBarrier } from './thread-barrier';

export interface HistoryShape {
  readonly threads: number;
  readonly rounds: number;
  readonly operationsPerRound: number;
  readonly seed: number;
}

export interface RecordedHistories {
  readonly histories: readonly (readonly InboxRecord[])[];
  readonly findings: readonly string[];
  readonly longWaits: number;
}

/** So few that inboxes do fill up. */
export const recordedInboxMessagesMax = 3;
const preparer = 1_000_000;

export async function recordHistories(shape: HistoryShape): Promise<RecordedHistories> {
  const { threads, rounds } = shape;
  const store = storeWithReceivers(threads, rounds);
  const barrier = ThreadBarrier.memoryFor();
  const requests = Array.from({ length: threads }, (_, thread): HistoryRequest => {
    return { ...shape, store, barrier, thread };
  });
  const answers = await answersOf<HistoryAnswer>('inbox-history-worker.js', requests);
  return {
    histories: Array.from({ length: rounds }, (_, round) =>
      answers.flatMap(({ records }) => records[round]!),
    ),
    findings: auditStore(store).findings,
    longWaits: answers.reduce((sum, { longWaits }) => sum + longWaits, 0),
  };
}

function storeWithReceivers(threads: number, rounds: number): SharedArrayBuffer {
  const buffer = createStore({
    threadsMax: threads + 1,
    usersMax: rounds + 2,
    sessionsMax: 1,
    // Every receiver's texts, the unread messages, and a stock for every thread.
    blocksMax: rounds * 20 + threads * 1_200,
    inboxMessagesMax: recordedInboxMessagesMax,
  });
  const store = Store.attach(new LoneMemory(buffer), preparer, ignoreLongWaits);
  const names = ['sender-1', 'sender-2', ...Array.from({ length: rounds }, (_, round) => receiverOf(round))];
  for (const name of names) store.createUser(nameOf(name), textOf(name), textOf('hash'));
  return buffer;
}
