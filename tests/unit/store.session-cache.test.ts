// Goal: a thread that has seen a session used refuses it as soon as it has ended, however and by whomever it was ended.
import { Memory } from '../../shared/store/memory';
import { readLayout } from '../../shared/store/layout';
import { recoverThread } from '../../shared/store/recovery';
import { createStore, Store } from '../../shared/store/store';
import { CrashingMemory, ThreadDeath } from '../support/crashing-memory';
import { ignoreLongWaits, nameOf, textOf, tokenOf } from '../support/store-values';

const capacity = { threadsMax: 4, usersMax: 4, sessionsMax: 8, blocksMax: 256, inboxMessagesMax: 4 };
const ana = nameOf('ana');
const first = tokenOf(1);
const second = tokenOf(2);
const nowSeconds = 1_000;

let buffer: SharedArrayBuffer;
let onlooker: Store;
let changer: Store;

beforeEach(() => {
  buffer = createStore(capacity);
  onlooker = Store.attach(new Memory(buffer), 1, ignoreLongWaits);
  changer = Store.attach(new Memory(buffer), 2, ignoreLongWaits);
  changer.createUser(ana, textOf('Ana'), textOf('hash'));
  for (const token of [first, second]) changer.openSession(changer.credentialsOf(ana)!, token, nowSeconds);
  for (const token of [first, second]) expect(onlooker.useSession(token, nowSeconds)).toBe(1);
});

function passwd(store: Store, kept: Int32Array): void {
  expect(store.changePassword(store.credentialsOf(ana)!, textOf('other'), kept)).toBe('OK');
}

test('ended by another thread', () => {
  changer.closeSession(first);
  expect(onlooker.useSession(first, nowSeconds)).toBe(0);
  expect(onlooker.useSession(second, nowSeconds)).toBe(1);
});

test('ended, and its record given to another session of the same user', () => {
  changer.closeSession(first);
  const third = tokenOf(3);
  changer.openSession(changer.credentialsOf(ana)!, third, nowSeconds);
  expect(onlooker.useSession(first, nowSeconds)).toBe(0);
  expect(onlooker.useSession(third, nowSeconds)).toBe(1);
});

test('ended by a change of the password, which keeps another', () => {
  passwd(changer, second);
  expect(onlooker.useSession(first, nowSeconds)).toBe(0);
  expect(onlooker.useSession(second, nowSeconds)).toBe(1);
});

test('ended with its user', () => {
  changer.removeUser(ana);
  expect(onlooker.useSession(first, nowSeconds)).toBe(0);
});

test('expired', () => {
  onlooker.limitSessions({ ageSecondsMax: 100, idleSecondsMax: 10 });
  expect(onlooker.useSession(first, nowSeconds + 11)).toBe(0);
});

test('kept by a change that was taken back, and ended by the next: whatever step the first one died at', () => {
  let steps = 0;
  let hasSeenChange = false;
  for (; ; steps += 1) {
    buffer = createStore(capacity);
    const looker = Store.attach(new Memory(buffer), 1, ignoreLongWaits);
    const memory = new Memory(buffer);
    const store = Store.attach(memory, 2, ignoreLongWaits);
    store.createUser(ana, textOf('Ana'), textOf('hash'));
    for (const token of [first, second]) store.openSession(store.credentialsOf(ana)!, token, nowSeconds);
    for (const token of [first, second]) expect(looker.useSession(token, nowSeconds)).toBe(1);
    const crashing = new CrashingMemory(buffer, Infinity);
    const mortal = Store.attach(crashing, 3, ignoreLongWaits);
    const credentials = mortal.credentialsOf(ana)!;
    Object.assign(crashing, { stepsMax: crashing.stepCount + steps });
    if (survives(() => mortal.changePassword(credentials, textOf('other'), first))) break;
    // Before the dead thread is put right: a look without a lock, or none where it would wait for the dead one's.
    const lookup = tryLook(looker, first);
    recoverThread(memory, readLayout(memory.words), 3);
    hasSeenChange ||= lookup;
    // What the change had ended it may have had no time to remove.
    for (const token of [second, first])
      expect(looker.useSession(token, nowSeconds)).toBe(store.useSession(token, nowSeconds));
    if (store.useSession(second, nowSeconds) === 0) continue;
    passwd(store, second);
    expect(looker.useSession(first, nowSeconds)).toBe(0);
    expect(looker.useSession(second, nowSeconds)).toBe(1);
  }
  expect(hasSeenChange).toBe(true);
  expect(steps).toBeGreaterThan(20);
});

function survives(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof ThreadDeath) return false;
    throw error;
  }
}

function tryLook(store: Store, token: Int32Array): boolean {
  const { parts } = store as unknown as {
    parts: { sessions: { useUnlocked(token: Int32Array, nowSeconds: number): number } };
  };
  return parts.sessions.useUnlocked(token, nowSeconds) !== 0;
}
