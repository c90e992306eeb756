/** Goal: one sequence counts all messages, whoever sends them to whomever, and goes on after a restart. */
import { auditStore } from '../../shared/store/audit';
import { header } from '../../shared/store/header';
import { Memory } from '../../shared/store/memory';
import { createStore, Store } from '../../shared/store/store';
import { answersOf } from '../support/compiled-worker';
import { RingFollower } from '../support/ring-follower';
import type { PublisherAnswer, PublisherRequest } from '../support/ring-publisher-worker';
import { takeMessages } from '../support/inbox-collector';
import { ignoreLongWaits, nameOf, textOf } from '../support/store-values';

const capacity = {
  threadsMax: 4,
  usersMax: 8,
  sessionsMax: 64,
  blocksMax: 20_000,
  inboxMessagesMax: 1_000,
  ringWords: 262_144,
};
const names = ['anna', 'bob', 'carol', 'dave'];

function followedStore(ringWords = capacity.ringWords): { follower: RingFollower; store: Store } {
  const follower = new RingFollower(createStore({ ...capacity, ringWords }));
  const store = Store.attach(follower.memory, 1_001, ignoreLongWaits);
  for (const name of names) store.createUser(nameOf(name), textOf(name), textOf('hash'), 1);
  return { follower, store };
}

function send(store: Store, receiver: string): string {
  return store.mail.send(1, nameOf(receiver), textOf('halo'), 1);
}

function sequencesOf(follower: RingFollower): number[] {
  return follower.records.flatMap((record) => (record.kind === 'message' ? [record.sequence] : []));
}

test('threads that send to different users at once: the journal counts from 1 without a gap', async () => {
  const { follower } = followedStore();
  const requests = [0, 1, 2].map((publisher): PublisherRequest => ({
    ...{ store: follower.store, publisher, names, operations: 500, isSendOnly: true },
    ...{ textBytesMax: 300, operationsPerBatch: 20 },
  }));
  await follower.takeWhenFull(answersOf<PublisherAnswer>('ring-publisher-worker.js', requests));
  const sequences = sequencesOf(follower);
  expect(sequences.length).toBeGreaterThan(1_000);
  expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  expect(auditStore(follower.store).findings).toEqual([]);
}, 60_000);

test('a message that is refused takes none', () => {
  const { follower, store } = followedStore();
  expect(send(store, 'anna')).toBe('OK');
  expect(send(store, 'nobody')).toBe('RECIPIENT_NOT_FOUND');
  expect(send(store, 'bob')).toBe('OK');
  follower.take();
  expect(sequencesOf(follower)).toEqual([1, 2]);
});

test('without a journal the store counts all the same', () => {
  const { follower, store } = followedStore(0);
  for (const name of names) send(store, name);
  expect(follower.memory.read(header.sequenceLow)).toBe(4);
});

test('a reader’s record says up to which sequence everything has been read', () => {
  const { follower, store } = followedStore();
  for (const name of ['anna', 'bob', 'anna', 'bob', 'anna']) send(store, name);
  takeMessages(store, 1, { messagesMax: 2 });
  takeMessages(store, 2);
  takeMessages(store, 2);
  follower.take();
  expect(follower.records.filter(({ kind }) => kind === 'read')).toEqual([
    { kind: 'read', user: 1, sequence: 3 },
    { kind: 'read', user: 2, sequence: 4 },
  ]);
});

test('after a restart it goes on behind all that was given, also to those who have read it or are gone', () => {
  const { follower, store } = followedStore();
  for (const name of names) send(store, name);
  takeMessages(store, 3);
  store.removeUser(nameOf('dave'));
  follower.take();
  const fresh = new RingFollower(createStore(capacity));
  follower.replayOn(fresh.store);
  const restarted = Store.attach(new Memory(fresh.store), 1_002, ignoreLongWaits);
  expect(send(restarted, 'carol')).toBe('OK');
  fresh.take();
  expect(sequencesOf(fresh)[0]).toBeGreaterThan(4);
  expect(auditStore(fresh.store).findings).toEqual([]);
});

test('a store that loaded nothing begins at 1', () => {
  const fresh = new RingFollower(createStore(capacity));
  fresh.replayOn(fresh.store);
  expect(fresh.memory.read(header.sequenceLow)).toBe(0);
});
