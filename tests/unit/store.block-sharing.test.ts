/** Goal: blocks that one thread frees are there for all: no thread is refused while most of the store is free. */
import { auditStore } from '../../shared/store/audit';
import { messageBlockCount, textBlockCount } from '../../shared/store/block-pool';
import { createStore, Store } from '../../shared/store/store';
import { LoneMemory } from '../support/crashing-memory';
import { takeMessages } from '../support/inbox-collector';
import { filledText, ignoreLongWaits, nameOf, textOf } from '../support/store-values';

const blocksMax = 10_000;

function threeThreads(): { buffer: SharedArrayBuffer; stores: [Store, Store, Store] } {
  const buffer = createStore({
    threadsMax: 3,
    usersMax: 2,
    sessionsMax: 2,
    blocksMax,
    inboxMessagesMax: blocksMax,
  });
  const attach = (threadId: number): Store => Store.attach(new LoneMemory(buffer), threadId, ignoreLongWaits);
  const stores: [Store, Store, Store] = [attach(1), attach(2), attach(3)];
  for (const name of ['anna', 'bob']) stores[0].createUser(nameOf(name), textOf(name), textOf('hash'));
  return { buffer, stores };
}

function sendUntilRefused(store: Store, receiver: string, lengthBytes: number): number {
  const text = textOf(filledText('text', lengthBytes));
  for (let sent = 0; ; sent += 1) if (store.mail.send(1, nameOf(receiver), text, 1) !== 'OK') return sent;
}

test('after two huge inboxes were emptied by one thread, another can use nearly all blocks', () => {
  const { buffer, stores } = threeThreads();
  for (let count = 0; count < 5_000; count += 1) stores[0].mail.send(1, nameOf('anna'), textOf('x'), 1);
  expect(sendUntilRefused(stores[0], 'bob', 1)).toBe(blocksMax - 5_000 - 4);
  expect(takeMessages(stores[0], 1)).toHaveLength(5_000);
  expect(takeMessages(stores[0], 2)).toHaveLength(blocksMax - 5_000 - 4);
  // One message each must not give either of them half of the store.
  for (const store of stores) expect(store.mail.send(1, nameOf('anna'), textOf('x'), 1)).toBe('OK');
  const stockMax = 1_024;
  expect(sendUntilRefused(stores[2], 'bob', 1)).toBeGreaterThan(blocksMax - 3 * stockMax);
  expect(auditStore(buffer).findings).toEqual([]);
});

test('a store that was filled and emptied by different threads again and again loses no block', () => {
  const { buffer, stores } = threeThreads();
  for (let round = 0; round < 12; round += 1) {
    const sender = stores[round % 3]!;
    const taker = stores[(round + 1) % 3]!;
    const lengthBytes = [1, 97, 500, 12_288][round % 4]!;
    expect(sendUntilRefused(sender, 'anna', lengthBytes)).toBeGreaterThan(50);
    takeMessages(taker, 1);
    expect(auditStore(buffer)).toMatchObject({ findings: [], unreadMessages: 0 });
  }
  // Four blocks hold the names and hashes of the two users.
  expect(auditStore(buffer).freeBlocks).toBe(blocksMax - 4);
});

test.each([
  [1, 1, 1],
  [96, 1, 1],
  [97, 2, 1],
  [124, 2, 1],
  [125, 2, 2],
  [220, 2, 2],
  [221, 3, 2],
  [12_288, 100, 100],
])('a text of %d bytes takes %d blocks as a message and %d on its own', (bytes, ofMessage, ofText) => {
  expect(messageBlockCount(bytes)).toBe(ofMessage);
  expect(textBlockCount(bytes)).toBe(ofText);
});
