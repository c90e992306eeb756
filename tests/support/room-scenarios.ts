/** Operations on rooms to be interrupted. The names are those of `crash-scenarios.ts`. */
import type { MessageId } from '../../shared/protocol/message-id';
import { readLayout } from '../../shared/store/layout';
import { roomStripes } from '../../shared/store/lock-numbers';
import { roomRecord } from '../../shared/store/record-words';
import type { Store } from '../../shared/store/store';
import { type CrashScenario, scenario } from './crash-scenario';
import { takeMessages } from './inbox-collector';
import { joinRoom, sendToRoom } from './room-values';
import { filledText, idOf, keyOf, nameOf, namesOfOneStripe, textOf } from './store-values';

const nowMs = 1_764_000_000_123;
const [anna, twin] = namesOfOneStripe(3) as readonly [string, string, string];
/** They share a stripe, so their lock, and a bucket. */
export const scenarioRooms = [...namesOfOneStripe(2, 'tim', roomStripes), 'elsewhere'];
const [tim, twinRoom, elsewhere] = scenarioRooms as [string, string, string];

function user(store: Store, name: string): number {
  return store.credentialsOf(nameOf(name))!.user;
}

function people(store: Store): void {
  for (const name of [anna, twin, 'bob', 'carol'])
    store.createUser(nameOf(name), textOf(`The ${name}`), textOf(`hash of ${name}`), nowMs);
}

const join = (name: string, room: string) => (store: Store) => joinRoom(store, user(store, name), room);
const leave = (name: string, room: string) => (store: Store) =>
  store.rooms.leave(user(store, name), nameOf(room), nowMs);
const remove = (owner: string, room: string, name: string) => (store: Store) =>
  store.rooms.remove(user(store, owner), nameOf(room), nameOf(name), nowMs);
const say = (name: string, room: string, lengthBytes: number) => (store: Store) =>
  sendToRoom(store, user(store, name), room, filledText(`${name}-${room}`, lengthBytes));
const send = (from: string, to: string, lengthBytes: number) => (store: Store) =>
  store.mail.send(user(store, from), nameOf(to), textOf(filledText(`${from}-${to}`, lengthBytes)), nowMs);
const take = (name: string, messagesMax?: number) => (store: Store) =>
  takeMessages(store, user(store, name), messagesMax === undefined ? {} : { messagesMax }).length;

function all(...steps: readonly ((store: Store) => unknown)[]): (store: Store) => void {
  return (store) => {
    for (const step of steps) step(store);
  };
}

/** Anna owns #tim, bob and carol are in it; bob owns the twin room alone; a record of each kind is free again. */
const inRooms = all(
  people,
  join(anna, tim),
  join('bob', tim),
  join('bob', twinRoom),
  join('carol', tim),
  join(twin, elsewhere),
  leave(twin, elsewhere),
);

/** Bob has, in this order: one of each room, one of his own between, and some to him alone. */
const withMessages = all(
  inRooms,
  join(anna, twinRoom),
  send(anna, 'bob', 10),
  say(anna, tim, 20),
  say('bob', tim, 30),
  say(anna, twinRoom, 700),
  send('carol', 'bob', 300),
  say('carol', tim, 97),
);

/** More blocks in a room than a stock takes back. */
const withHugeChain = all(
  inRooms,
  ...Array.from({ length: 12 }, () => say(anna, tim, 12_288)),
  leave(anna, tim),
  leave('carol', tim),
);

/** All have read all of #tim, and the next message is to look at that. */
function beforeLook(store: Store, buffer: SharedArrayBuffer): void {
  withMessages(store);
  for (const name of [anna, 'bob', 'carol']) takeMessages(store, user(store, name));
  const words = new Int32Array(buffer);
  // The rooms of the store lie in order of their making.
  words[readLayout(words).rooms + roomRecord.sendsUntilLook] = 0;
}

/** Anna posts to #tim, under a key of hers. */
const post = (lengthBytes: number) => (store: Store) =>
  store.rooms.send(1, nameOf(tim), textOf(filledText('post', lengthBytes)), 1_764_000_000_000, keyOf('key'));

const show = (name: string, messagesMax: number) => (store: Store) => {
  const seen: number[] = [];
  const hasMore = store.mail.fetch(user(store, name), messagesMax, {
    message: ({ sequence }) => seen.push(sequence) > 0,
  });
  return `${seen.length}, more: ${hasMore}`;
};
/** Up to and including a message of so many that are unread, wherever it was sent. */
const acknowledge = (name: string, message: number) => (store: Store) => {
  const reader = user(store, name);
  const ids: MessageId[] = [];
  store.mail.fetch(reader, Infinity, {
    message: ({ sequence, receiver }) => ids.push(idOf(sequence, receiver)) > 0,
  });
  return store.mail.acknowledge(reader, ids[message]!);
};

const small = { roomsMax: 2, membersMax: 5 };
const empty = { stock: 'empty' } as const;

export const roomScenarios: readonly CrashScenario[] = [
  scenario('joinRoom, the first of a store', people, join(anna, tim)),
  scenario('joinRoom, a new one in a chain', all(people, join(anna, tim)), join('bob', twinRoom)),
  scenario('joinRoom, a new one, records used again', inRooms, join('carol', elsewhere)),
  scenario('joinRoom, with members', inRooms, join(twin, tim)),
  scenario('joinRoom, a second one, with messages', withMessages, join('carol', twinRoom)),
  scenario('joinRoom, as a member', inRooms, (store) => [join('bob', tim)(store)], { outcome: ['OK'] }),
  scenario('joinRoom, no room left', inRooms, join('carol', 'one-too-many'), {
    outcome: 'STORE_FULL',
    capacity: small,
  }),
  scenario('joinRoom, no membership left', all(inRooms, join(anna, twinRoom)), join(twin, tim), {
    outcome: 'STORE_FULL',
    capacity: small,
  }),
  scenario('leaveRoom, the middle member', inRooms, leave('bob', tim)),
  scenario('leaveRoom, the newest member', inRooms, leave('carol', tim)),
  scenario('leaveRoom, the owner, who has a successor', withMessages, leave(anna, tim)),
  scenario('leaveRoom, the last member', inRooms, leave('bob', twinRoom)),
  scenario('leaveRoom, the last member, with messages', withHugeChain, leave('bob', tim), {
    capacity: { blocksMax: 3_000 },
  }),
  scenario('leaveRoom, not a member', inRooms, leave('carol', twinRoom), { outcome: 'NOT_A_MEMBER' }),
  scenario('leaveRoom, no such room', inRooms, leave(anna, 'nowhere'), { outcome: 'NO_SUCH_ROOM' }),
  scenario('removeMember', withMessages, remove(anna, tim, 'bob')),
  scenario('removeMember, oneself', inRooms, remove(anna, tim, anna)),
  scenario('removeMember, not the owner', inRooms, remove('bob', tim, 'carol'), { outcome: 'FORBIDDEN' }),
  scenario('sendToRoom, the first message', inRooms, say('bob', tim, 5)),
  scenario('sendToRoom, several blocks, empty stock', withMessages, say('carol', tim, 700), empty),
  scenario('sendToRoom, full: the oldest goes', withMessages, say(anna, tim, 300), {
    capacity: { inboxMessagesMax: 3 },
  }),
  scenario('sendToRoom, what all have read goes', beforeLook, say('bob', tim, 130)),
  scenario('postToRoom', withMessages, post(20)),
  scenario('postToRoom, again', all(withMessages, post(20)), (store) => `${post(9)(store)}, as before`, {
    outcome: 'OK, as before',
  }),
  scenario('sendToRoom, not a member', inRooms, say(twin, tim, 5), { outcome: 'NOT_A_MEMBER' }),
  scenario('takeUnread, of inbox and rooms', withMessages, take('bob'), { outcome: 5 }),
  scenario('takeUnread, a prefix that ends in a room', withMessages, take('bob', 3), { outcome: 3 }),
  scenario('takeUnread, of a room only', withMessages, take('carol'), { outcome: 2 }),
  scenario('fetchUnread, of inbox and rooms', withMessages, show('bob', 4), { outcome: '4, more: true' }),
  scenario('acknowledgeUnread, the first, of a room', withMessages, acknowledge('carol', 0)),
  scenario('acknowledgeUnread, in a room, with an inbox', withMessages, acknowledge('bob', 2)),
  scenario('acknowledgeUnread, in the inbox, with rooms', withMessages, acknowledge('bob', 3)),
  scenario('acknowledgeUnread, all, empty stock', withMessages, acknowledge('bob', 4), empty),
  scenario('takeUnread, none but one’s own', all(inRooms, say('bob', twinRoom, 5)), take('bob'), {
    outcome: 0,
  }),
];
