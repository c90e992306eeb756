/** Goal: whose coming and going concerns whom: a contact, whoever wrote last, and a member of a small room. */
import { createStore, Store } from '../../shared/store/store';
import { audiencesOf } from '../../workers/audience';
import { LoneMemory } from '../support/crashing-memory';
import { ignoreLongWaits, nameOf, textOf } from '../support/store-values';

const names = ['anna', 'bob', 'cleo', 'dan', 'eve'];
const [anna, bob, cleo, dan, eve] = [1, 2, 3, 4, 5] as const;
const nowMs = 1_764_000_000_000;

function peopledStore(): Store {
  const rooms = { roomsMax: 2, membersMax: 8 };
  const capacity = {
    ...rooms,
    threadsMax: 1,
    usersMax: 8,
    sessionsMax: 8,
    blocksMax: 100,
    inboxMessagesMax: 10,
  };
  const store = Store.attach(new LoneMemory(createStore(capacity)), 1, ignoreLongWaits);
  for (const name of names) store.createUser(nameOf(name), textOf(name.toUpperCase()), textOf('hash'));
  store.mail.send(anna, nameOf('bob'), textOf('hello'), nowMs);
  for (const user of [bob, cleo, dan]) store.rooms.join(user, nameOf('kitchen'), nowMs);
  return store;
}

function listenersOf(users: readonly number[], candidates: readonly number[]): [string, number[]][] {
  return audiencesOf(peopledStore(), users, candidates).map(({ username, listeners }) => [
    username,
    [...listeners].sort(),
  ]);
}

test('contacts hear of each other, whoever of them wrote, and so do members of a room', () => {
  const everybody = [anna, bob, cleo, dan, eve];
  expect(listenersOf(everybody, everybody)).toEqual([
    ['anna', [bob]],
    ['bob', [anna, cleo, dan]],
    ['cleo', [bob, dan]],
    ['dan', [bob, cleo]],
    ['eve', []],
  ]);
});

test('nobody hears who is not among the candidates', () => {
  expect(listenersOf([anna, bob], [cleo, eve])).toEqual([
    ['anna', []],
    ['bob', [cleo]],
  ]);
  expect(listenersOf([anna], [bob])).toEqual([['anna', [bob]]]);
  expect(listenersOf([bob], [anna])).toEqual([['bob', [anna]]]);
});

test('names come with the audience', () => {
  expect(audiencesOf(peopledStore(), [eve], [])).toEqual([
    { user: eve, username: 'eve', displayName: 'EVE', listeners: [] },
  ]);
});
