// Goal: what threads publish in the ring is read whole, once and in the order of the changes, however slow the reader.
import { once } from 'node:events';
import { messageField } from '../../shared/journal/record';
import { auditStore } from '../../shared/store/audit';
import { stopJournal } from '../../shared/store/journal-reader';
import { header } from '../../shared/store/header';
import { Memory } from '../../shared/store/memory';
import { createStore, Store } from '../../shared/store/store';
import { answersOf, startWorker } from '../support/compiled-worker';
import { movePositions, RingFollower } from '../support/ring-follower';
import type { PublisherAnswer, PublisherRequest } from '../support/ring-publisher-worker';
import { snapshotOf } from '../support/store-snapshot';
import { ignoreLongWaits, nameOf, publishedKeys, textOf } from '../support/store-values';

const names = ['anna', 'bob', 'carol', 'dave'];
const tokens = [0, 1, 2].flatMap((publisher) =>
  Array.from({ length: 20 }, (_, index) => publisher * 1_000 + index),
);
/** Small for so many threads, so that it goes round and fills up often. */
const capacity = {
  threadsMax: 8,
  usersMax: 64,
  sessionsMax: 256,
  blocksMax: 400_000,
  inboxMessagesMax: 100_000,
  ringWords: 262_144,
};
const preparingThread = 5_000_001;

/** With the names as users 1 to 4, their creation already read. */
function preparedRing(position = 0): RingFollower {
  const buffer = createStore(capacity);
  movePositions(buffer, position);
  const follower = new RingFollower(buffer);
  const store = Store.attach(new Memory(buffer), preparingThread, ignoreLongWaits);
  for (const name of names) store.createUser(nameOf(name), textOf(`The ${name}`), textOf('hash'), 1);
  follower.take();
  return follower;
}

function publish(
  { store }: RingFollower,
  publishers: number,
  request: Pick<PublisherRequest, 'operations' | 'isSendOnly'> & Partial<PublisherRequest>,
): Promise<PublisherAnswer[]> {
  return answersOf<PublisherAnswer>(
    'ring-publisher-worker.js',
    Array.from({ length: publishers }, (_, publisher) => ({
      store,
      publisher,
      names,
      textBytesMax: 2_000,
      operationsPerBatch: 7,
      ...request,
    })),
  );
}

function expectSameStore(follower: RingFollower): void {
  const replayed = createStore(capacity);
  follower.replayOn(replayed);
  expect(auditStore(follower.store).findings).toEqual([]);
  expect(auditStore(replayed).findings).toEqual([]);
  const [expected, found] = [follower.store, replayed].map((store) =>
    snapshotOf(store, names, tokens, undefined, publishedKeys),
  );
  expect(found).toEqual(expected);
}

test('three threads and a reader that comes only when the ring is full: nothing is lost, all is in order', async () => {
  const follower = preparedRing();
  const work = publish(follower, 3, { operations: 2_000, isSendOnly: true });
  const { result, timesFull } = await follower.takeWhenFull(work);
  expect(timesFull).toBeGreaterThan(4);
  expect(follower.memory.load(header.ringTail)).toBeGreaterThan(4 * capacity.ringWords);
  const texts = follower.textsByReceiver();
  for (const { publisher, accepted, outcomes } of result) {
    expect(outcomes).toEqual({ OK: 2_000 });
    expect(texts.get(publisher + 1)).toEqual(accepted);
  }
  expectSameStore(follower);
}, 60_000);

test('the order of records is the order of changes: replayed, they give the same store', async () => {
  const follower = preparedRing();
  const work = publish(follower, 3, { operations: 3_000, isSendOnly: false, textBytesMax: 600 });
  const { result } = await follower.takeWhenFull(work);
  const outcomes = result.map(({ outcomes: counts }) => Object.keys(counts).join());
  expect(outcomes.join()).toMatch(/OK/);
  expect(outcomes.join()).not.toMatch(/FULL|BUSY/);
  expect(new Set(follower.records.map(({ kind }) => kind)).size).toBe(6);
  // Whoever came first with a key, nobody else has stored anything under it.
  const posted = follower.records.flatMap((record) => (record.kind === 'message' ? [record.key] : []));
  const used = posted.filter((key) => key !== '');
  expect(used.sort()).toEqual([...publishedKeys].sort());
  expect(outcomes.join()).toMatch(/post again/);
  expectSameStore(follower);
}, 60_000);

test('positions that pass 2^31 go on', async () => {
  // A whole number of rounds, so that the ring's beginning is where the layout says.
  const follower = preparedRing(2 ** 31 - 2 * capacity.ringWords);
  const work = publish(follower, 2, { operations: 1_500, isSendOnly: true });
  const { result } = await follower.takeWhenFull(work);
  expect(follower.memory.load(header.ringTail)).toBeLessThan(0);
  const texts = follower.textsByReceiver();
  for (const { publisher, accepted } of result) expect(texts.get(publisher + 1)).toEqual(accepted);
  expectSameStore(follower);
}, 60_000);

test('records end at, one word before and two words before the ring’s end: fillers of every size', () => {
  const follower = preparedRing();
  const store = Store.attach(follower.memory, preparingThread + 1, ignoreLongWaits);
  const sent: string[] = [];
  const wordsLeft = (): number =>
    capacity.ringWords - (follower.memory.load(header.ringTail) & (capacity.ringWords - 1));
  const send = (textBytes: number): void => {
    const text = `${sent.length} `.padEnd(textBytes, 'x');
    expect(store.mail.send(1, nameOf('bob'), textOf(text), 1)).toBe('OK');
    sent.push(text);
    follower.take();
  };
  for (const left of [0, 1, 2, 3, 11, 1, 0]) {
    while (wordsLeft() > 3_000) send(8_000);
    send((wordsLeft() - left - messageField.text) * 4);
    expect(wordsLeft() % capacity.ringWords).toBe(left);
    send(100);
  }
  expect(follower.textsByReceiver().get(2)).toEqual(sent);
  expectSameStore(follower);
});

test('a disk that fails frees the threads that wait for room: changes are BUSY, reads go on, and then all goes on', async () => {
  const follower = preparedRing();
  const stuck = publish(follower, 2, { operations: 600, isSendOnly: true, textBytesMax: 4_000 });
  await follower.untilFull();
  follower.reader.markFailing();
  // None of them waits any more, although nothing was taken.
  const answers = await stuck;
  for (const { accepted, outcomes } of answers)
    // A thread that came too late for all of them has no OK at all.
    expect({ OK: 0, BUSY: 0, ...outcomes }).toEqual({ OK: accepted.length, BUSY: 600 - accepted.length });
  expect(answers.some(({ outcomes }) => (outcomes.BUSY ?? 0) > 0)).toBe(true);

  const store = Store.attach(follower.memory, preparingThread + 1, ignoreLongWaits);
  expect(store.credentialsOf(nameOf('anna'))).toMatchObject({ user: 1 });
  expect(store.mail.send(1, nameOf('anna'), textOf('ditolak'), 1)).toBe('BUSY');

  follower.reader.markRunning();
  follower.take();
  const { result } = await follower.takeWhenFull(
    publish(follower, 2, { operations: 300, isSendOnly: true, textBytesMax: 300 }),
  );
  for (const { outcomes } of result) expect(outcomes).toEqual({ OK: 300 });
  const texts = follower.textsByReceiver();
  for (const { publisher, accepted } of result)
    expect(texts.get(publisher + 1)).toEqual([...answers[publisher]!.accepted, ...accepted]);
  expectSameStore(follower);
}, 60_000);

test('a batch larger than the ring does not wait for a reader that nobody has woken', async () => {
  const follower = preparedRing();
  const disk = startWorker('ring-disk-worker.js', follower.store);
  await once(disk, 'message');
  const beforeMs = performance.now();
  await publish(follower, 2, { operations: 1_500, isSendOnly: true, operationsPerBatch: 10_000 });
  expect(performance.now() - beforeMs).toBeLessThan(10_000);
  stopJournal(follower.memory);
  await once(disk, 'exit');
  expect(follower.reader.take()).toBeUndefined();
}, 90_000);
