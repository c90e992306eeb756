/** Goal: a session that is looked up without a lock, while others change it, is never taken for another's or revived. */
import { readLayout } from '../../shared/store/layout';
import { Memory } from '../../shared/store/memory';
import { recoverThread } from '../../shared/store/recovery';
import { createStore, Store } from '../../shared/store/store';
import { CrashingMemory, LoneMemory, LoneSleep, ThreadDeath } from '../support/crashing-memory';
import { copyStore } from '../support/store-snapshot';
import { ignoreLongWaits, nameOf, textOf, tokenOf } from '../support/store-values';

const anna = 1;
const capacity = { threadsMax: 5, usersMax: 4, sessionsMax: 8, blocksMax: 200, inboxMessagesMax: 4 };
const readerThread = 2;
const writerThread = 3;

/** Anna has tokens 1, 2 and 3, bob 4. All but 4 hash to buckets of other tokens too. */
function preparedStore(): SharedArrayBuffer {
  const buffer = createStore(capacity);
  const store = Store.attach(new LoneMemory(buffer), 1, ignoreLongWaits);
  for (const name of ['anna', 'bob']) store.createUser(nameOf(name), textOf(name), textOf('hash'));
  for (const token of [1, 2, 3]) open(store, 'anna', token);
  open(store, 'bob', 4);
  return buffer;
}

function open(store: Store, name: string, token: number): void {
  expect(store.openSession(store.credentialsOf(nameOf(name))!, tokenOf(token), 1)).toBe('OK');
}

interface Change {
  readonly name: string;
  readonly carryOut: (store: Store) => unknown;
  /** Whose token 2 is after it. */
  readonly userAfter: number;
}

const checked = (store: Store) => store.credentialsOf(nameOf('anna'))!;
const changes: readonly Change[] = [
  { name: 'is closed', carryOut: (store) => store.closeSession(tokenOf(2)), userAfter: 0 },
  {
    name: 'is closed, and its record used for another user’s',
    carryOut: (store) => {
      store.closeSession(tokenOf(2));
      open(store, 'bob', 8);
    },
    userAfter: 0,
  },
  {
    name: 'is ended by a change of password, and its record used for another user’s',
    carryOut: (store) => {
      store.changePassword(checked(store), textOf('new'), tokenOf(1));
      for (const token of [8, 11]) open(store, 'bob', token);
    },
    userAfter: 0,
  },
  {
    name: 'is the one that a change of password keeps',
    carryOut: (store) => store.changePassword(checked(store), textOf('new'), tokenOf(2)),
    userAfter: anna,
  },
  {
    name: 'stays, while its neighbours are closed and opened again',
    carryOut: (store) => {
      for (const token of [3, 1, 4]) store.closeSession(tokenOf(token));
      for (const token of [8, 5, 11]) open(store, 'bob', token);
    },
    userAfter: anna,
  },
];

const prepared = preparedStore();
const layout = readLayout(new Int32Array(prepared));

/** Memory of a reader that lets something happen before its k-th look, unless it holds a lock then. */
class InterruptedMemory extends LoneMemory {
  isInterrupted = false;
  private loadCount = 0;
  private holdsLock = false;

  constructor(
    buffer: SharedArrayBuffer,
    private readonly at: number,
    private readonly interrupt: () => void,
  ) {
    super(buffer);
  }

  override load(word: number): number {
    if (this.loadCount === this.at && !this.holdsLock) {
      this.isInterrupted = true;
      this.interrupt();
    }
    this.loadCount += 1;
    return super.load(word);
  }

  override compareExchange(word: number, expected: number, replacement: number): number {
    const found = super.compareExchange(word, expected, replacement);
    if (word >= layout.locks && word < layout.threadSlots && found === 0) this.holdsLock = true;
    return found;
  }
}

/** What a reader finds that is interrupted before its k-th look; undefined when it looked less often. */
function readInterrupted(k: number, interrupt: (buffer: SharedArrayBuffer) => void): number | undefined {
  const buffer = copyStore(prepared);
  const memory = new InterruptedMemory(buffer, k, () => {
    interrupt(buffer);
  });
  const user = Store.attach(memory, readerThread, ignoreLongWaits).useSession(tokenOf(2), 2);
  return memory.isInterrupted ? user : undefined;
}

describe.each(changes)('a session that $name', ({ carryOut, userAfter }) => {
  const allowed = [anna, userAfter];

  test('between any two looks of a reader is found as it was, or as it is', () => {
    let interruptions = 0;
    for (let k = 0; k < 100; k += 1) {
      const user = readInterrupted(k, (buffer) => {
        carryOut(Store.attach(new LoneMemory(buffer), writerThread, ignoreLongWaits));
      });
      if (user === undefined) continue;
      interruptions += 1;
      expect(allowed).toContain(user);
    }
    expect(interruptions).toBeGreaterThan(5);
  });

  test('by a thread that died and was recovered between two looks is found as it was, or as it is', () => {
    for (let k = 0; k < 12; k += 1) {
      for (let stepsMax = 1 + (k % 7); stepsMax < 200; stepsMax += 7) {
        let userAtLast = anna;
        const user = readInterrupted(k, (buffer) => {
          dieIn(buffer, stepsMax, carryOut);
          recoverThread(new Memory(buffer), layout, writerThread);
          const other = Store.attach(new LoneMemory(buffer), writerThread, ignoreLongWaits);
          userAtLast = other.useSession(tokenOf(2), 3);
        });
        if (user === undefined) break;
        expect([anna, userAtLast]).toContain(user);
      }
    }
  });

  test('by a thread that stops halfway between two looks is found as it was, as it will be, or waited for', () => {
    for (let k = 0; k < 12; k += 1) {
      for (let stepsMax = 1 + (k % 3); stepsMax < 200; stepsMax += 3) {
        const user = orWait(() =>
          readInterrupted(k, (buffer) => {
            dieIn(buffer, stepsMax, carryOut);
          }),
        );
        if (user === undefined) break;
        expect([...allowed, 'waits']).toContain(user);
      }
    }
  });

  test('once found as it will be is never again as it was, also when the change is taken back', () => {
    for (let stepsMax = 1; ; stepsMax += 1) {
      const buffer = copyStore(prepared);
      if (!dieIn(buffer, stepsMax, carryOut)) break;
      const reader = Store.attach(new LoneMemory(buffer), readerThread, ignoreLongWaits);
      const found = orWait(() => reader.useSession(tokenOf(2), 2));
      expect([...allowed, 'waits']).toContain(found);
      recoverThread(new Memory(buffer), layout, writerThread);
      if (found === 'waits') continue;
      const foundLater = reader.useSession(tokenOf(2), 3);
      expect(found === userAfter ? [userAfter] : allowed).toContain(foundLater);
    }
  });
});

/** What a reader finds, or that it has to wait for a lock. */
function orWait<T>(read: () => T): T | 'waits' {
  try {
    return read();
  } catch (error) {
    if (error instanceof LoneSleep) return 'waits';
    throw error;
  }
}

function dieIn(buffer: SharedArrayBuffer, stepsMax: number, carryOut: (store: Store) => unknown): boolean {
  try {
    carryOut(Store.attach(new CrashingMemory(buffer, stepsMax), writerThread, ignoreLongWaits));
    return false;
  } catch (error) {
    if (error instanceof ThreadDeath) return true;
    throw error;
  }
}
