/** Goal: renewing a password's hash is no change of the password: whoever checked the old form may still go on. */
import { createStore, Store } from '../../shared/store/store';
import { LoneMemory } from '../support/crashing-memory';
import { ignoreLongWaits, nameOf, textOf, tokenOf } from '../support/store-values';

function storeWithUser(): Store {
  const capacity = { threadsMax: 1, usersMax: 2, sessionsMax: 8, blocksMax: 100, inboxMessagesMax: 10 };
  const store = Store.attach(new LoneMemory(createStore(capacity)), 1, ignoreLongWaits);
  store.createUser(nameOf('anna'), textOf('Anna'), textOf('old form'));
  return store;
}

test('two devices that log in at once both get in, although the first renews the hash', () => {
  const store = storeWithUser();
  const [first, second] = [store.credentialsOf(nameOf('anna'))!, store.credentialsOf(nameOf('anna'))!];
  expect(store.openSession(first, tokenOf(1), 1)).toBe('OK');
  store.renewPasswordHash(first, textOf('new form'));
  expect(store.openSession(second, tokenOf(2), 1)).toBe('OK');
  store.renewPasswordHash(second, textOf('new form again'));
  expect(store.credentialsOf(nameOf('anna'))!.passwordHash).toBe('new form again');
});

test('a change of password goes through although the hash was renewed since the old one was checked', () => {
  const store = storeWithUser();
  const checked = store.credentialsOf(nameOf('anna'))!;
  store.openSession(checked, tokenOf(1), 1);
  store.renewPasswordHash(checked, textOf('new form'));
  expect(store.changePassword(checked, textOf('another'), tokenOf(1))).toBe('OK');
});

test('after a change of password the old one opens nothing and renews nothing', () => {
  const store = storeWithUser();
  const old = store.credentialsOf(nameOf('anna'))!;
  store.openSession(old, tokenOf(1), 1);
  expect(store.changePassword(old, textOf('another'), tokenOf(1))).toBe('OK');
  expect(store.openSession(old, tokenOf(2), 1)).toBe('WRONG_PASSWORD');
  expect(store.changePassword(old, textOf('a third'), tokenOf(1))).toBe('WRONG_PASSWORD');
  store.renewPasswordHash(old, textOf('the old one in a new form'));
  expect(store.credentialsOfUser(1).passwordHash).toBe('another');
});
