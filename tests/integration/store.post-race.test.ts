/** Goal: of threads that post under one key at the same moment, one stores its message and all learn which it was. */
import { auditStore } from '../../shared/store/audit';
import { createStore, Store } from '../../shared/store/store';
import { answersOf } from '../support/compiled-worker';
import { LoneMemory } from '../support/crashing-memory';
import { takeAllMessages } from '../support/inbox-collector';
import type { PostRaceAnswer, PostRaceRequest } from '../support/post-race-worker';
import { ignoreLongWaits, nameOf, textOf } from '../support/store-values';
import { ThreadBarrier } from '../support/thread-barrier';

const threads = 3;
const rounds = 400;
const receivers = ['anna', 'bob', 'carol'];

test(`${rounds} keys, each posted by ${threads} threads at once`, async () => {
  const buffer = createStore({
    ...{ threadsMax: threads + 1, usersMax: 4, sessionsMax: 1, blocksMax: 20_000, inboxMessagesMax: 10_000 },
    keysMax: 8_000,
  });
  const store = Store.attach(new LoneMemory(buffer), 1_000, ignoreLongWaits);
  for (const name of receivers) store.createUser(nameOf(name), textOf(name), textOf('hash'));
  const barrier = ThreadBarrier.memoryFor();
  const requests = Array.from({ length: threads }, (_, thread): PostRaceRequest => {
    return { store: buffer, barrier, threads, thread, rounds, receivers };
  });
  const answers = await answersOf<PostRaceAnswer>('post-race-worker.js', requests);
  const winners = new Set<number>();
  for (let round = 0; round < rounds; round += 1) {
    const posts = answers.map((answer) => answer[round]!);
    expect(new Set(posts.map(({ sequence }) => sequence)).size).toBe(1);
    expect(posts.filter(({ isDuplicate }) => !isDuplicate)).toHaveLength(1);
    winners.add(posts.findIndex(({ isDuplicate }) => !isDuplicate));
  }
  // Each of them came first at times, so they did race.
  expect(winners.size).toBe(threads);
  const stored = receivers.map((_, index) => takeAllMessages(store, index + 1).length);
  expect(stored.reduce((sum, count) => sum + count)).toBe(rounds);
  expect(auditStore(buffer).findings).toEqual([]);
}, 60_000);
