/** Goal: recovery gives a dead thread's locks to those who wait, whenever they come, and may itself be interrupted. */
import { auditStore } from '../../shared/store/audit';
import { type Layout, readLayout } from '../../shared/store/layout';
import { lockNumber, lockWords } from '../../shared/store/lock-numbers';
import { userRecord } from '../../shared/store/record-words';
import { Memory } from '../../shared/store/memory';
import { recoverThread } from '../../shared/store/recovery';
import { createStore, Store } from '../../shared/store/store';
import { CrashingMemory, LoneMemory, ThreadDeath } from '../support/crashing-memory';
import { takeMessages } from '../support/inbox-collector';
import { exerciseStore } from '../support/store-exercise';
import { activeUsers, copyStore } from '../support/store-snapshot';
import { ignoreLongWaits, nameOf, textOf, tokenOf } from '../support/store-values';

const capacity = {
  threadsMax: 6,
  usersMax: 8,
  sessionsMax: 16,
  blocksMax: 1_000,
  inboxMessagesMax: 50,
  roomsMax: 8,
  membersMax: 24,
};
const survivor = 1;
const victim = 2;

function storeWithUser(): { buffer: SharedArrayBuffer; store: Store; layout: Layout } {
  const buffer = createStore(capacity);
  const memory = new LoneMemory(buffer);
  const store = Store.attach(memory, survivor, ignoreLongWaits);
  store.createUser(nameOf('anna'), textOf('Anna'), textOf('hash'));
  return { buffer, store, layout: readLayout(memory.words) };
}

/** Lets a thread die in an operation; false when the operation was through before. */
function dieIn(buffer: SharedArrayBuffer, stepsMax: number, operation: (store: Store) => unknown): boolean {
  try {
    operation(Store.attach(new CrashingMemory(buffer, stepsMax), victim, ignoreLongWaits));
    return false;
  } catch (error) {
    if (error instanceof ThreadDeath) return true;
    throw error;
  }
}

const send = (store: Store): unknown => store.mail.send(1, nameOf('anna'), textOf('text'), 1);

test('a thread that begins to wait while recovery frees the lock does not wait for ever', () => {
  /** At every look at a lock that is held, another thread marks it as waited for just after. */
  class WaitedForMemory extends Memory {
    constructor(
      buffer: SharedArrayBuffer,
      private readonly layout: Layout,
    ) {
      super(buffer);
    }

    override load(word: number): number {
      const found = super.load(word);
      const isLock = word >= this.layout.locks && word < this.layout.threadSlots;
      if (isLock && found !== 0) Atomics.or(this.words, word, 1);
      return found;
    }
  }
  const { buffer, layout } = storeWithUser();
  let deaths = 0;
  for (let stepsMax = 1; ; stepsMax += 1) {
    const copy = copyStore(buffer);
    if (!dieIn(copy, stepsMax, send)) break;
    recoverThread(new WaitedForMemory(copy, layout), layout, victim);
    expect(auditStore(copy).findings).toEqual([]);
    deaths += 1;
  }
  expect(deaths).toBeGreaterThan(20);
});

test('whoever takes a lock of a dead thread first finds what it protects whole', () => {
  /** The moment that the lock of the inbox is freed, another thread takes it and empties the inbox. */
  class HurriedMemory extends Memory {
    hurries = 0;

    constructor(
      buffer: SharedArrayBuffer,
      private readonly layout: Layout,
      private readonly other: Store,
    ) {
      super(buffer);
    }

    override store(word: number, value: number): void {
      super.store(word, value);
      if (word < this.layout.locks || word >= this.layout.threadSlots) return;
      this.hurries += 1;
      const texts = takeMessages(this.other, 1).map(({ text }) => text);
      expect(texts.filter((text) => text !== 'text')).toEqual([]);
      // The sequence's lock may be the dead thread's still.
      if (this.read(this.layout.locks + lockNumber.ring * lockWords) !== 0) return;
      expect(this.other.mail.send(1, nameOf('anna'), textOf('text'), 1)).toBe('OK');
    }
  }
  const { buffer, layout } = storeWithUser();
  let hurries = 0;
  for (let stepsMax = 1; ; stepsMax += 1) {
    const copy = copyStore(buffer);
    const other = Store.attach(new LoneMemory(copy), 5, ignoreLongWaits);
    for (let count = 0; count < 3; count += 1) send(other);
    if (!dieIn(copy, stepsMax, send)) break;
    const memory = new HurriedMemory(copy, layout, other);
    recoverThread(memory, layout, victim);
    hurries += memory.hurries;
    expect(auditStore(copy).findings).toEqual([]);
  }
  expect(hurries).toBeGreaterThan(20);
});

test('a recovery that was interrupted anywhere is completed by the next', () => {
  const { buffer, layout } = storeWithUser();
  for (const deathStep of [25, 50]) {
    const dead = copyStore(buffer);
    expect(dieIn(dead, deathStep, send)).toBe(true);
    let interruptions = 0;
    for (let stepsMax = 0; ; stepsMax += 1) {
      const copy = copyStore(dead);
      try {
        recoverThread(new CrashingMemory(copy, stepsMax), layout, victim);
        break;
      } catch (error) {
        if (!(error instanceof ThreadDeath)) throw error;
      }
      interruptions += 1;
      // Every lock is woken one by one: most of the steps are the same.
      if (stepsMax > 30) stepsMax += 200;
      expect(recoverThread(new Memory(copy), layout, victim)).toBeDefined();
      expect(auditStore(copy).findings).toEqual([]);
      exerciseStore(copy, false);
    }
    expect(interruptions).toBeGreaterThan(10);
  }
});

test('the waiters of every lock are woken, also when the dead thread held none', () => {
  const { buffer, layout } = storeWithUser();
  const woken = new Set<number>();
  class ListeningMemory extends Memory {
    override notify(word: number, count: number): number {
      if (count === Infinity) woken.add(word);
      return super.notify(word, count);
    }
  }
  Store.attach(new LoneMemory(buffer), victim, ignoreLongWaits);
  recoverThread(new ListeningMemory(buffer), layout, victim);
  const lockCount = (layout.threadSlots - layout.locks) / 16;
  expect(woken.size).toBe(lockCount);
});

test('a thread that had not attached is not recovered, and nobody else is disturbed', () => {
  const { buffer, store, layout } = storeWithUser();
  const before = Buffer.from(new Uint8Array(buffer));
  expect(recoverThread(new Memory(buffer), layout, 99)).toBeUndefined();
  expect(Buffer.from(new Uint8Array(buffer)).equals(before)).toBe(true);
  expect(send(store)).toBe('OK');
});

test('slots of dead threads are used again, with the blocks in stock', () => {
  const { buffer, layout } = storeWithUser();
  for (let round = 0; round < 50; round += 1) {
    const store = Store.attach(new LoneMemory(buffer), victim, ignoreLongWaits);
    expect(store.mail.send(1, nameOf('anna'), textOf('text'), 1)).toBe('OK');
    recoverThread(new Memory(buffer), layout, victim);
  }
  // One refill for each of the two slots that were ever used.
  expect(auditStore(buffer)).toMatchObject({ findings: [], unreadMessages: 50, freeBlocks: 2 * 64 - 50 - 2 });
});

describe('a thread that dies between changing a password and removing the sessions that it ended', () => {
  /** Every death after the commit, each on a store of its own. */
  function* afterCommit(): Generator<{ copy: SharedArrayBuffer; store: Store }> {
    const { buffer, store, layout } = storeWithUser();
    const checked = store.credentialsOf(nameOf('anna'))!;
    for (const token of [1, 2, 3]) store.openSession(checked, tokenOf(token), 1);
    const epochBefore = new Int32Array(buffer)[layout.users + userRecord.sessionEpoch];
    for (let stepsMax = 1; ; stepsMax += 1) {
      const copy = copyStore(buffer);
      const isDead = dieIn(copy, stepsMax, (dying) =>
        dying.changePassword(checked, textOf('new hash'), tokenOf(2)),
      );
      if (!isDead) return;
      recoverThread(new Memory(copy), layout, victim);
      const survivorOfCopy = Store.attach(new LoneMemory(copy), 5, ignoreLongWaits);
      const isCommitted = new Int32Array(copy)[layout.users + userRecord.sessionEpoch] !== epochBefore;
      if (isCommitted) yield { copy, store: survivorOfCopy };
    }
  }

  test('leaves only the kept session valid', () => {
    for (const { store } of afterCommit()) {
      expect([1, 2, 3].map((token) => store.useSession(tokenOf(token), 2))).toEqual([0, 1, 0]);
      expect([1, 3].map((token) => store.closeSession(tokenOf(token)))).toEqual([
        'BAD_SESSION',
        'BAD_SESSION',
      ]);
      expect(store.useSession(tokenOf(2), 2)).toBe(1);
    }
  });

  test('does not leave the user listed as active after the last logout', () => {
    let deaths = 0;
    for (const { store } of afterCommit()) {
      expect(activeUsers(store)).toEqual([1]);
      expect(store.closeSession(tokenOf(2))).toBe('OK');
      expect(activeUsers(store)).toEqual([]);
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(20);
  });

  test('costs no session record once the user has logged in again', () => {
    for (const { copy, store } of afterCommit()) {
      expect(store.openSession(store.credentialsOf(nameOf('anna'))!, tokenOf(7), 3)).toBe('OK');
      expect(auditStore(copy)).toMatchObject({ findings: [], sessions: 2 });
    }
  });
});
