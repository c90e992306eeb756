/** Posts under one key a round, at the same time as other threads, and notes which message each post led to. */
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { Store } from '../../shared/store/store';
import { JitteryMemory } from './jittery-memory';
import { RandomNumbers } from './random-numbers';
import { filledText, ignoreLongWaits, keyOf, nameOf, textOf } from './store-values';
import { ThreadBarrier } from './thread-barrier';

export interface PostRaceRequest {
  readonly store: SharedArrayBuffer;
  readonly barrier: SharedArrayBuffer;
  readonly threads: number;
  readonly thread: number;
  readonly rounds: number;
  readonly receivers: readonly string[];
}

/** By round. */
export type PostRaceAnswer = readonly { readonly sequence: number; readonly isDuplicate: boolean }[];

const { store: buffer, barrier, threads, thread, rounds, receivers } = workerData as PostRaceRequest;
const random = new RandomNumbers(thread + 1);
const store = Store.attach(new JitteryMemory(buffer, random, 25), threadId, ignoreLongWaits);
const start = new ThreadBarrier(barrier, threads);

const answer: PostRaceAnswer = Array.from({ length: rounds }, (_, round) => {
  const text = textOf(filledText(`${round}.${thread}`, random.of([4, 120, 500])));
  start.pass();
  const outcome = store.mail.send(1, nameOf(random.of(receivers)), text, 1, keyOf(`key-${round}`));
  if (outcome !== 'OK') throw new Error(`post ${round} of thread ${thread}: ${outcome}`);
  return { sequence: store.posts.delivered.sequence, isDuplicate: store.posts.isDuplicate };
});
parentPort!.postMessage(answer);
