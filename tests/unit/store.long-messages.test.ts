/** Goal: whoever walks past long messages, while others wait for the locks, takes no more steps than past short ones. */
import { auditStore } from '../../shared/store/audit';
import { createStore, Store } from '../../shared/store/store';
import { LoneMemory } from '../support/crashing-memory';
import { joinRoom, sendToRoom } from '../support/room-values';
import { filledText, idOf, ignoreLongWaits, nameOf, textOf } from '../support/store-values';

const [anna, bob, carla] = [1, 2, 3];
const messageCount = 100;
const [shortBytes, longBytes] = [10, 12_000];
const capacity = {
  threadsMax: 1,
  usersMax: 4,
  sessionsMax: 4,
  blocksMax: 20_000,
  inboxMessagesMax: 200,
  roomsMax: 4,
  membersMax: 8,
};

/** Counts how often a control word is looked at. */
class CountingMemory extends LoneMemory {
  readCount = 0;

  override read(word: number): number {
    this.readCount += 1;
    return super.read(word);
  }
}

/** Bob has said one thing in a room, and then anna many, each of so many bytes. Carla hears all of it. */
function talkativeRoom(textBytes: number): { memory: CountingMemory; store: Store } {
  const memory = new CountingMemory(createStore(capacity));
  const store = Store.attach(memory, 1, ignoreLongWaits);
  for (const name of ['anna', 'bob', 'carla']) store.createUser(nameOf(name), textOf(name), textOf('hash'));
  for (const user of [anna, bob, carla]) joinRoom(store, user, 'hall');
  sendToRoom(store, bob, 'hall', 'halo');
  for (let sent = 0; sent < messageCount; sent += 1)
    sendToRoom(store, anna, 'hall', filledText(`own ${sent}`, textBytes));
  memory.readCount = 0;
  return { memory, store };
}

/** What `act` looks at in a room of long messages, beyond what it looks at in one of short ones, for each message. */
function extraReads(act: (store: Store) => void): number {
  const [short, long] = [shortBytes, longBytes].map((textBytes) => {
    const { memory, store } = talkativeRoom(textBytes);
    act(store);
    const { readCount } = memory;
    expect(auditStore(memory.buffer).findings).toEqual([]);
    return readCount;
  }) as [number, number];
  return (long - short) / messageCount;
}

test('fetch passes the long messages of the user itself', () => {
  const shown: number[] = [];
  const reads = extraReads((store) => {
    const hasMore = store.mail.fetch(anna, 1_000, { message: ({ sender }) => shown.push(sender) > 0 });
    expect(hasMore).toBe(false);
  });
  expect(shown).toEqual([bob, bob]);
  expect(reads).toBeLessThan(3);
});

test('fetch shows long messages whose text is not copied', () => {
  const reads = extraReads((store) => {
    let shown = 0;
    store.mail.fetch(carla, 1_000, { message: () => (shown += 1) > 0 });
    expect(shown).toBe(1 + messageCount);
  });
  expect(reads).toBeLessThan(3);
});

test('ack passes long messages, and they are dropped', () => {
  const reads = extraReads((store) => {
    // Three users joined before.
    const newest = idOf(3 + 1 + messageCount, -1);
    expect(store.mail.acknowledge(carla, newest)).toBe('OK');
    expect(store.mail.acknowledge(anna, newest)).toBe('OK');
  });
  expect(reads).toBeLessThan(6);
});

test('an inbox of long messages is acknowledged', () => {
  const readsOf = (textBytes: number): number => {
    const memory = new CountingMemory(createStore(capacity));
    const store = Store.attach(memory, 1, ignoreLongWaits);
    for (const name of ['anna', 'bob']) store.createUser(nameOf(name), textOf(name), textOf('hash'));
    for (let sent = 0; sent < messageCount; sent += 1)
      store.mail.send(bob, nameOf('anna'), textOf(filledText(`${sent}`, textBytes)), 1_764_000_000_000);
    memory.readCount = 0;
    expect(store.mail.acknowledge(anna, idOf(messageCount, anna))).toBe('OK');
    const { readCount } = memory;
    expect(auditStore(memory.buffer)).toMatchObject({ findings: [], unreadMessages: 0 });
    return readCount;
  };
  expect((readsOf(longBytes) - readsOf(shortBytes)) / messageCount).toBeLessThan(3);
});
