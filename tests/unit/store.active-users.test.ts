/** Goal: active is who has a session and was there in the last five minutes, in order of login. */
import { createStore, Store } from '../../shared/store/store';
import { LoneMemory } from '../support/crashing-memory';
import { activeUsers } from '../support/store-snapshot';
import { ignoreLongWaits, nameOf, textOf, tokenOf } from '../support/store-values';

const [anna, bob] = [1, 2];
const loginSeconds = 1_764_000_000;

function loggedIn(): Store {
  const capacity = { threadsMax: 1, usersMax: 4, sessionsMax: 8, blocksMax: 100, inboxMessagesMax: 10 };
  const store = Store.attach(new LoneMemory(createStore(capacity)), 1, ignoreLongWaits);
  for (const [index, name] of ['anna', 'bob'].entries()) {
    store.createUser(nameOf(name), textOf(name), textOf('hash'));
    store.openSession(store.credentialsOf(nameOf(name))!, tokenOf(index), loginSeconds);
  }
  return store;
}

test('a user is active for five minutes after the login', () => {
  const store = loggedIn();
  expect(activeUsers(store, loginSeconds + 300)).toEqual([anna, bob]);
  expect(activeUsers(store, loginSeconds + 301)).toEqual([]);
});

test('a user who is seen again is active again, at the old place', () => {
  const store = loggedIn();
  store.touchUser(anna, loginSeconds + 400);
  expect(activeUsers(store, loginSeconds + 500)).toEqual([anna]);
  store.touchUser(bob, loginSeconds + 450);
  expect(activeUsers(store, loginSeconds + 500)).toEqual([anna, bob]);
});

test('a user without a session is not active, however lately seen', () => {
  const store = loggedIn();
  store.closeSession(tokenOf(0));
  store.touchUser(anna, loginSeconds + 1);
  expect(activeUsers(store, loginSeconds + 2)).toEqual([bob]);
});

test('a second login does not change the order, a logout and login does', () => {
  const store = loggedIn();
  const checked = store.credentialsOf(nameOf('anna'))!;
  store.openSession(checked, tokenOf(5), loginSeconds + 1);
  expect(activeUsers(store, loginSeconds + 2)).toEqual([anna, bob]);
  for (const token of [0, 5]) store.closeSession(tokenOf(token));
  store.openSession(checked, tokenOf(6), loginSeconds + 3);
  expect(activeUsers(store, loginSeconds + 4)).toEqual([bob, anna]);
});
