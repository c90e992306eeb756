/** Operations to be interrupted, each with the store that it is run on. */
import { header } from '../../shared/store/header';
import { readLayout } from '../../shared/store/layout';
import { keyStripes } from '../../shared/store/lock-numbers';
import { recoverThread } from '../../shared/store/recovery';
import { createStore, Store } from '../../shared/store/store';
import { type CrashScenario, scenario } from './crash-scenario';
import { LoneMemory } from './crashing-memory';
import { takeMessages } from './inbox-collector';
import { roomScenarios } from './room-scenarios';
import {
  filledText,
  fixSecrets,
  idOf,
  ignoreLongWaits,
  keyOf,
  keysOfOneStripe,
  nameOf,
  namesOfOneStripe,
  textOf,
  tokenOf,
} from './store-values';

const preparer = 7;
/** Anna and her twins share a lock stripe and a bucket; bob has his own. */
export const scenarioNames = [...namesOfOneStripe(3), 'bob', 'carol', 'newcomer'] as const;
const [anna, twin, otherTwin] = scenarioNames as unknown as readonly [string, string, string];
export const scenarioTokens = Array.from({ length: 16 }, (_, index) => index + 1);
/** Anna's, all in one stripe. */
export const scenarioKeys = keysOfOneStripe(1, 3);
const capacity = {
  threadsMax: 4,
  usersMax: 12,
  sessionsMax: 16,
  blocksMax: 400,
  inboxMessagesMax: 200,
  roomsMax: 4,
  membersMax: 24,
  keysMax: 2 * keyStripes,
};
const nowMs = 1_764_000_000_123;

/** `ringWords` is 0 for a store without a journal. */
export function preparedStore(scenario: CrashScenario, ringWords: number): SharedArrayBuffer {
  const buffer = createStore({ ...capacity, ...scenario.capacity, ringWords });
  fixSecrets(buffer);
  const memory = new LoneMemory(buffer);
  scenario.prepare(Store.attach(memory, preparer, ignoreLongWaits), buffer);
  recoverThread(memory, readLayout(memory.words), preparer);
  if (scenario.stock === 'empty') Store.attach(memory, preparer, ignoreLongWaits);
  return buffer;
}

function create(store: Store, name: string, displayName = `The ${name}`, hash = `hash of ${name}`): string {
  return store.createUser(nameOf(name), textOf(displayName), textOf(hash), nowMs);
}

function user(store: Store, name: string): number {
  return store.credentialsOf(nameOf(name))!.user;
}

function open(store: Store, name: string, token: number): string {
  return store.openSession(store.credentialsOf(nameOf(name))!, tokenOf(token), 1_764_000_000);
}

function send(store: Store, from: string, to: string, lengthBytes: number): string {
  return store.mail.send(
    user(store, from),
    nameOf(to),
    textOf(filledText(`${from}-${to}`, lengthBytes)),
    nowMs,
  );
}

function people(store: Store): void {
  for (const name of [anna, twin, 'bob', 'carol']) create(store, name);
}

/** Anna, bob and carol are logged in, in this order; anna three times; token 9's record is free again. */
function loggedIn(store: Store): void {
  people(store);
  for (const token of [1, 2, 3]) open(store, anna, token);
  open(store, 'bob', 4);
  open(store, 'bob', 9);
  open(store, 'carol', 5);
  store.closeSession(tokenOf(9));
}

function withRemoved(store: Store): void {
  loggedIn(store);
  send(store, 'bob', anna, 200);
  store.removeUser(nameOf(anna));
}

function withAllSessions(store: Store): void {
  loggedIn(store);
  open(store, 'carol', 11);
}

function withMessages(store: Store): void {
  people(store);
  for (const lengthBytes of [1, 96, 97, 700]) send(store, anna, 'bob', lengthBytes);
  send(store, 'carol', 'bob', 300);
}

/** Anna has used two of her keys. */
function withPosts(store: Store): void {
  people(store);
  for (const key of [0, 1]) post(key, 5)(store);
}

/** The first three of his five messages have been read. */
function withRead(store: Store): void {
  withMessages(store);
  takeMessages(store, user(store, 'bob'), { messagesMax: 3 });
}

/** Message 6 is carol's; bob has five before it and one after it. */
function withAnothers(store: Store): void {
  withMessages(store);
  send(store, anna, 'carol', 10);
  send(store, anna, 'bob', 10);
}

/** Bob has more blocks unread than a stock takes back. */
function withHugeInbox(store: Store): void {
  people(store);
  for (let index = 0; index < 12; index += 1) send(store, anna, 'bob', 12_288);
}

function withMagazine(store: Store): void {
  withHugeInbox(store);
  takeMessages(store, user(store, 'bob'));
}

/** The stock holds exactly what it may. */
function withFullStock(store: Store): void {
  create(store, anna, 'A', filledText('long-hash', 200));
  for (let index = 0; index < 10; index += 1) send(store, anna, anna, 12_288);
  send(store, anna, anna, 96 + 124 * 20);
  open(store, anna, 1);
  takeMessages(store, 1);
}

const sendTo = (name: string, lengthBytes: number) => (store: Store) => send(store, anna, name, lengthBytes);
const reset = (name: string) => (store: Store) => store.resetPassword(nameOf(name), textOf('reset hash'));
const remove = (name: string) => (store: Store) => store.removeUser(nameOf(name));
const close = (token: number) => (store: Store) => store.closeSession(tokenOf(token));
const take = (bounds: { textBytesMax?: number; messagesMax?: number }) => (store: Store) =>
  takeMessages(store, user(store, 'bob'), bounds).length;
/** How many messages bob is shown, and whether there are more. */
const fetch = (messagesMax: number) => (store: Store) => {
  let shown = 0;
  const hasMore = store.mail.fetch(user(store, 'bob'), messagesMax, { message: () => (shown += 1) > 0 });
  return `${shown}, more: ${hasMore}`;
};
/** Acknowledges one of bob's messages, or what looks like one. */
const acknowledge = (sequence: number) => (store: Store) =>
  store.mail.acknowledge(user(store, 'bob'), idOf(sequence, user(store, 'bob')));
/** Anna posts to bob, under one of her keys. */
const post = (key: number, lengthBytes: number) => (store: Store) =>
  store.mail.send(
    1,
    nameOf('bob'),
    textOf(filledText('post', lengthBytes)),
    nowMs,
    keyOf(scenarioKeys[key]!),
  );
const changePassword = (keptToken: number) => (store: Store) =>
  store.changePassword(store.credentialsOf(nameOf(anna))!, textOf('new hash'), tokenOf(keptToken));
const renew = (hash: string) => (store: Store) => {
  store.renewPasswordHash(store.credentialsOf(nameOf(anna))!, textOf(hash));
  return store.credentialsOf(nameOf(anna))!.passwordHash;
};

/** The sequence given last is the last of its low word. */
function atSequenceCarry(store: Store, buffer: SharedArrayBuffer): void {
  withMessages(store);
  new Int32Array(buffer)[header.sequenceLow] = -1;
}

const nothing = (): void => undefined;
const empty = { stock: 'empty' } as const;
const large = { blocksMax: 3_000 };
const manyKeys = { keysMax: 8 * keyStripes };

const accountScenarios: readonly CrashScenario[] = [
  scenario('createUser, the first of a store', nothing, (store) => create(store, anna)),
  scenario('createUser, in a chain, blocks in stock', people, (store) => create(store, otherTwin)),
  scenario('createUser, without a display name', people, (store) => create(store, 'newcomer', '')),
  scenario(
    'createUser, long texts, empty stock',
    people,
    (store) => create(store, 'newcomer', 'x'.repeat(768)),
    empty,
  ),
  scenario('createUser, name taken', people, (store) => create(store, anna), { outcome: 'USER_EXISTS' }),
  scenario('createUser, no record left', people, (store) => create(store, 'newcomer'), {
    outcome: 'STORE_FULL',
    capacity: { usersMax: 4 },
  }),
  scenario('renewPasswordHash', loggedIn, renew('newer'), { outcome: 'newer' }),
  scenario('renewPasswordHash, longer, empty stock', loggedIn, renew('n'.repeat(150)), {
    ...empty,
    outcome: 'n'.repeat(150),
  }),
  scenario('renewPasswordHash, shorter, full stock', withFullStock, renew('newer'), {
    outcome: 'newer',
    capacity: large,
  }),
  scenario('changePassword, kept session is the newest', loggedIn, changePassword(3)),
  scenario('changePassword, kept session is the middle one', loggedIn, changePassword(2)),
  scenario('changePassword, kept session is the oldest, empty stock', loggedIn, changePassword(1), empty),
  scenario('changePassword, full stock, only session', withFullStock, changePassword(1), { capacity: large }),
  scenario('resetPassword, with sessions', loggedIn, reset(anna)),
  scenario('resetPassword, full stock', withFullStock, reset(anna), { capacity: large }),
  scenario('removeUser, with sessions', loggedIn, remove(anna)),
  scenario('removeUser, active in the middle', loggedIn, remove('bob')),
  scenario('removeUser, with unread messages', withMessages, remove('bob'), empty),
  scenario('removeUser, with more unread than a stock takes', withHugeInbox, remove('bob'), {
    capacity: large,
  }),
  scenario('removeUser, unknown', loggedIn, remove('newcomer'), { outcome: 'NO_SUCH_USER' }),
  scenario('createUser, in the place of one removed', withRemoved, (store) => create(store, anna)),
  scenario('changePassword, with a session that is not the user’s', loggedIn, changePassword(4), {
    outcome: 'BAD_SESSION',
  }),
];

const sessionScenarios: readonly CrashScenario[] = [
  scenario('openSession, the first of a store', people, (store) => open(store, anna, 1)),
  scenario('openSession, a user’s first', loggedIn, (store) => open(store, twin, 10)),
  scenario('openSession, a user’s fourth', loggedIn, (store) => open(store, anna, 12)),
  scenario('openSession, a user’s first, no record left', withAllSessions, (store) => open(store, twin, 10), {
    outcome: 'STORE_FULL',
    capacity: { sessionsMax: 6 },
  }),
  scenario(
    'closeSession, the only one of a store',
    (store) => {
      people(store);
      open(store, anna, 1);
    },
    close(1),
  ),
  scenario(
    'closeSession, last of the first active user',
    (store) => {
      people(store);
      [anna, 'bob', 'carol'].forEach((name, index) => open(store, name, index + 1));
    },
    close(1),
  ),
  scenario('closeSession, last of the middle active user', loggedIn, close(4)),
  scenario('closeSession, last of the last active user', loggedIn, close(5)),
  scenario('closeSession, newest of three', loggedIn, close(3)),
  scenario('closeSession, middle of three', loggedIn, close(2)),
  scenario('closeSession, oldest of three', loggedIn, close(1)),
  scenario('closeSession, unknown', loggedIn, close(13), { outcome: 'BAD_SESSION' }),
  scenario('useSession', loggedIn, (store) => store.useSession(tokenOf(2), 1_764_000_100), { outcome: 1 }),
];

const messageScenarios: readonly CrashScenario[] = [
  scenario('send, one block, empty inbox', people, sendTo('bob', 5)),
  scenario('send, one block, empty inbox, refill from fresh memory', people, sendTo('bob', 96), empty),
  scenario('send, one block, filled inbox', withMessages, sendTo('bob', 50)),
  scenario('send, two blocks, filled inbox', withMessages, sendTo('bob', 97)),
  scenario('send, longest, empty inbox, several refills', people, sendTo('carol', 12_288), empty),
  scenario('send, longest, filled inbox', withMessages, sendTo('bob', 12_288)),
  scenario('send, longest, refill from a magazine', withMagazine, sendTo('bob', 12_288), {
    ...empty,
    capacity: large,
  }),
  scenario('send, to oneself', withMessages, sendTo(anna, 130)),
  scenario('send, sequence number carries', atSequenceCarry, sendTo('bob', 10)),
  scenario('send, inbox full', withMessages, sendTo('bob', 5), {
    outcome: 'INBOX_FULL',
    capacity: { inboxMessagesMax: 5 },
  }),
  scenario('send, no such receiver', people, sendTo('newcomer', 5), { outcome: 'RECIPIENT_NOT_FOUND' }),
  scenario('send, too few blocks left', people, sendTo('bob', 12_288), {
    ...empty,
    outcome: 'STORE_FULL',
    capacity: { blocksMax: 150 },
  }),
  scenario('takeInbox, empty', people, take({}), { outcome: 0 }),
  scenario('takeInbox, whole', withMessages, take({}), { outcome: 5 }),
  scenario('takeInbox, whole, into an empty stock', withMessages, take({}), { ...empty, outcome: 5 }),
  scenario('takeInbox, first message', withMessages, take({ messagesMax: 1 }), { outcome: 1 }),
  scenario('takeInbox, prefix that ends in a long message', withMessages, take({ messagesMax: 4 }), {
    outcome: 4,
  }),
  scenario('takeInbox, first message too long for the reader', withMessages, take({ textBytesMax: 0 }), {
    outcome: 0,
  }),
  scenario('fetch, some', withMessages, fetch(3), { outcome: '3, more: true' }),
  scenario('fetch, all', withMessages, fetch(5), { outcome: '5, more: false' }),
  scenario('acknowledge, the first', withMessages, acknowledge(1)),
  scenario('acknowledge, some, the last of them long', withMessages, acknowledge(4)),
  scenario('acknowledge, all, into an empty stock', withMessages, acknowledge(5), empty),
  scenario('acknowledge, all, as a magazine', withHugeInbox, acknowledge(12), { capacity: large }),
  scenario('acknowledge, read already', withRead, (store) => `${acknowledge(2)(store)}, as before`, {
    outcome: 'OK, as before',
  }),
  scenario('acknowledge, none of his', withMessages, acknowledge(6), { outcome: 'NO_SUCH_MESSAGE' }),
  scenario('acknowledge, another’s between his own', withAnothers, acknowledge(6), {
    outcome: 'NO_SUCH_MESSAGE',
  }),
  scenario('post, the first of a store', people, post(0, 5)),
  scenario('post, long, filled inbox, empty stock', withMessages, post(0, 700), empty),
  scenario('post, into a chain of keys', withPosts, post(2, 5), { capacity: manyKeys }),
  scenario('post, in the place of the oldest key', withPosts, post(2, 5)),
  scenario('post, again', withPosts, (store) => `${post(1, 9)(store)}, as before`, {
    outcome: 'OK, as before',
  }),
  scenario('post, inbox full', withPosts, post(2, 5), {
    outcome: 'INBOX_FULL',
    capacity: { inboxMessagesMax: 2 },
  }),
  scenario('post, too few blocks left', people, post(0, 12_288), {
    ...empty,
    outcome: 'STORE_FULL',
    capacity: { blocksMax: 150 },
  }),
  scenario('takeInbox, whole, as a magazine', withHugeInbox, take({}), { outcome: 12, capacity: large }),
  scenario('takeInbox, prefix, as a magazine', withHugeInbox, take({ messagesMax: 11 }), {
    outcome: 11,
    capacity: large,
  }),
];

export const crashScenarios: readonly CrashScenario[] = [
  ...accountScenarios,
  ...sessionScenarios,
  ...messageScenarios,
  ...roomScenarios,
];
