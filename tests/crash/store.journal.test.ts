/** Goal: a journal that takes nothing stops changes with BUSY before they begin, and never stops a thread. */
import { auditStore } from '../../shared/store/audit';
import { header, journalState } from '../../shared/store/header';
import { JournalReader } from '../../shared/store/journal-reader';
import { createStore, Store } from '../../shared/store/store';
import { CrashingMemory, LoneMemory } from '../support/crashing-memory';
import { InboxCollector, takeMessages } from '../support/inbox-collector';
import { filledText, ignoreLongWaits, nameOf, textOf, tokenOf } from '../support/store-values';

const capacity = {
  threadsMax: 2,
  usersMax: 8,
  sessionsMax: 16,
  blocksMax: 2_000,
  inboxMessagesMax: 500,
  ringWords: 65_536,
};
/** Far more than any operation takes. */
const stepsMax = 20_000;

/** Anna and bob; anna has tokens 1 to 3 and a message. */
function preparedStore(): SharedArrayBuffer {
  const buffer = createStore(capacity);
  const store = Store.attach(new LoneMemory(buffer), 1, ignoreLongWaits);
  for (const name of ['anna', 'bob']) store.createUser(nameOf(name), textOf(name), textOf('hash'), 1);
  for (const token of [1, 2, 3]) store.openSession(checked(store), tokenOf(token), 1);
  store.mail.send(2, nameOf('anna'), textOf('halo'), 1);
  return buffer;
}

function checked(store: Store): { user: number; passwordEpoch: number } {
  return store.credentialsOf(nameOf('anna'))!;
}

/** Memory on which the disk fails with the next record that is published. */
class FailingDiskMemory extends CrashingMemory {
  override store(word: number, value: number): void {
    super.store(word, value);
    if (word === header.ringTail) super.store(header.journalState, journalState.failing);
  }
}

test('while the disk fails, every change is refused as BUSY and changes nothing', () => {
  const buffer = preparedStore();
  const words = new Int32Array(buffer);
  words[header.journalState] = journalState.failing;
  const tail = words[header.ringTail];
  const store = Store.attach(new LoneMemory(buffer), 2, ignoreLongWaits);
  expect([
    store.createUser(nameOf('carol'), textOf('Carol'), textOf('hash'), 1),
    store.removeUser(nameOf('bob')),
    store.openSession(checked(store), tokenOf(4), 1),
    store.closeSession(tokenOf(1)),
    store.changePassword(checked(store), textOf('new'), tokenOf(1)),
    store.mail.send(1, nameOf('bob'), textOf('halo'), 1),
  ]).toEqual(Array.from({ length: 6 }, () => 'BUSY'));
  store.renewPasswordHash(checked(store), textOf('newer'));
  expect(store.credentialsOfUser(1).passwordHash).toBe('hash');
  expect([1, 2, 3].map((token) => store.useSession(tokenOf(token), 2))).toEqual([1, 1, 1]);
  expect(words[header.ringTail]).toBe(tail);
  expect(auditStore(buffer)).toMatchObject({ findings: [], users: 2, sessions: 3, unreadMessages: 1 });
});

test('while the disk fails, inboxes can be read as long as the ring has room', () => {
  const buffer = preparedStore();
  new Int32Array(buffer)[header.journalState] = journalState.failing;
  const store = Store.attach(new LoneMemory(buffer), 2, ignoreLongWaits);
  expect(takeMessages(store, 1)).toEqual([{ sender: 2, text: 'halo' }]);
});

test('once the ring is full and the disk fails, inboxes keep their messages', () => {
  const buffer = preparedStore();
  const words = new Int32Array(buffer);
  const store = Store.attach(new LoneMemory(buffer), 2, ignoreLongWaits);
  const room = (): number => capacity.ringWords - (words[header.ringTail]! - words[header.ringDurable]!);
  while (room() > 2 * 2 * 3_584) store.mail.send(1, nameOf('bob'), textOf(filledText('text', 4_000)), 1);
  words[header.journalState] = journalState.failing;
  const unread = auditStore(buffer).unreadMessages;
  expect(store.mail.take(1, new InboxCollector(store))).toBe('BUSY');
  expect(auditStore(buffer)).toMatchObject({ findings: [], unreadMessages: unread });
});

describe('while the disk fails, and the ring is empty again,', () => {
  /** Takes anna's inbox when more than what may be late has got to the disk, and the disk has begun to fail. */
  function takeAfterwards(hasBlocks: boolean): { outcome: string; unreadBefore: number; unread: number } {
    const buffer = preparedStore();
    const memory = new LoneMemory(buffer);
    const store = Store.attach(memory, 2, ignoreLongWaits);
    const reader = new JournalReader(memory);
    while (memory.load(header.ringTail) < capacity.ringWords / 3)
      store.mail.send(1, nameOf('bob'), textOf(filledText('text', 4_000)), 1);
    reader.markDurable(reader.take()!.end, hasBlocks);
    reader.markFailing();
    const unreadBefore = auditStore(buffer).unreadMessages;
    const outcome = store.mail.take(1, new InboxCollector(store));
    return { outcome, unreadBefore, unread: auditStore(buffer).unreadMessages };
  }

  test('inboxes can be read when the disk has blocks for it', () => {
    const { outcome, unreadBefore, unread } = takeAfterwards(true);
    expect({ outcome, unread }).toEqual({ outcome: 'OK', unread: unreadBefore - 1 });
  });

  test('inboxes keep their messages when it has none', () => {
    const { outcome, unreadBefore, unread } = takeAfterwards(false);
    expect({ outcome, unread }).toEqual({ outcome: 'BUSY', unread: unreadBefore });
  });
});

describe('a disk that fails just after a change was written down does not stop the thread that made it:', () => {
  const operations: readonly (readonly [string, (store: Store) => unknown])[] = [
    ['changePassword', (store) => store.changePassword(checked(store), textOf('new'), tokenOf(1))],
    ['removeUser', (store) => store.removeUser(nameOf('anna'))],
    ['send', (store) => store.mail.send(1, nameOf('bob'), textOf('halo'), 1)],
    ['closeSession', (store) => store.closeSession(tokenOf(1))],
  ];

  test.each(operations)('%s', (_, operation) => {
    const buffer = preparedStore();
    const store = Store.attach(new FailingDiskMemory(buffer, stepsMax), 2, ignoreLongWaits);
    expect(operation(store)).toBe('OK');
    expect(auditStore(buffer).findings).toEqual([]);
  });
});
