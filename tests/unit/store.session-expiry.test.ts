// Goal: a session ends by its age or by not being used, is refused at once, and is removed by the sweep.
import { auditStore } from '../../shared/store/audit';
import { Name } from '../../shared/protocol/name';
import { Memory } from '../../shared/store/memory';
import { createStore, Store } from '../../shared/store/store';
import { StoredText } from '../../shared/store/stored-text';

const capacity = { threadsMax: 1, usersMax: 4, sessionsMax: 8, blocksMax: 64, inboxMessagesMax: 4 };

function openStore(): {
  store: Store;
  buffer: SharedArrayBuffer;
  open: (token: Int32Array, atSeconds: number) => void;
} {
  const buffer = createStore(capacity);
  const store = Store.attach(new Memory(buffer), 1, () => undefined);
  store.limitSessions({ ageSecondsMax: 100, idleSecondsMax: 10 });
  const name = new Name();
  name.readText('ana');
  store.createUser(name, StoredText.fromAscii('Ana'), StoredText.fromAscii('hash'));
  const open = (token: Int32Array, atSeconds: number): void => {
    expect(store.openSession(store.credentialsOf(name)!, token, atSeconds)).toBe('OK');
  };
  return { store, buffer, open };
}

test('a session that is not used expires; one that is used lives on, until its age ends it', () => {
  const { store, open } = openStore();
  const idle = Int32Array.of(1, 2, 3, 4);
  const used = Int32Array.of(5, 6, 7, 8);
  open(idle, 1_000);
  open(used, 1_000);
  for (let second = 1_010; second <= 1_100; second += 10) expect(store.useSession(used, second)).toBe(1);
  expect(store.useSession(idle, 1_011)).toBe(0);
  expect(store.useSession(used, 1_101)).toBe(0);
});

test('the sweep removes what has expired and nothing else', () => {
  const { store, buffer, open } = openStore();
  const old = Int32Array.of(1, 2, 3, 4);
  const young = Int32Array.of(5, 6, 7, 8);
  open(old, 1_000);
  open(young, 1_009);
  store.removeExpiredSessions(1_011);
  expect(auditStore(buffer)).toMatchObject({ findings: [], sessions: 1 });
  expect(store.useSession(young, 1_011)).toBe(1);
  expect(store.closeSession(old)).toBe('BAD_SESSION');
});
