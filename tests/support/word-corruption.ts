/** A store at rest with something of everything in it, and the word of every field that an audit has to look at. */
import { header } from '../../shared/store/header';
import { readLayout } from '../../shared/store/layout';
import { keyStripes, lockNumber, lockWords } from '../../shared/store/lock-numbers';
import {
  block,
  keyRecord,
  memberRecord,
  roomRecord,
  sessionRecord,
  userRecord,
} from '../../shared/store/record-words';
import { threadSlot } from '../../shared/store/thread-slot';
import { keyBucketWord } from '../../shared/store/key-table';
import { KeyedDigest } from '../../shared/store/keyed-digest';
import { recoverThread } from '../../shared/store/recovery';
import { createStore, Store } from '../../shared/store/store';
import { CrashingMemory, ThreadDeath } from './crashing-memory';
import { takeMessages } from './inbox-collector';
import { joinRoom, sendToRoom } from './room-values';
import {
  filledText,
  fixSecrets,
  ignoreLongWaits,
  keyOf,
  keysOfOneStripe,
  nameOf,
  textOf,
  tokenOf,
} from './store-values';

const capacity = {
  threadsMax: 3,
  usersMax: 8,
  sessionsMax: 16,
  blocksMax: 2_500,
  inboxMessagesMax: 100,
  keysMax: 2 * keyStripes,
  roomsMax: 4,
  membersMax: 8,
};

/**
 * Users 1 to 3; sessions 1 and 2 of user 1 valid and 3 and 4 ended but not removed, 5 of user 2, 6 free; user 1 has
 * one long and two short messages unread; a magazine; a stock; two idempotency keys in one stripe, of which there is one
 * record, and one in another.
 */
export function fullStore(): SharedArrayBuffer {
  const buffer = createStore(capacity);
  fixSecrets(buffer);
  const memory = new CrashingMemory(buffer);
  const store = Store.attach(memory, 1, ignoreLongWaits);
  for (const name of ['first', 'second', 'third'])
    store.createUser(nameOf(name), textOf(`The ${name}`), textOf(filledText(`hash of ${name}`, 130)));
  for (let count = 0; count < 11; count += 1)
    store.mail.send(1, nameOf('second'), textOf(filledText('flood', 12_288)), 1);
  takeMessages(store, 2);
  openSessions(store);
  endSessionsHalfway(buffer);
  for (const key of keysOfOneStripe(2, 3))
    store.mail.send(2, nameOf('second'), textOf('posted'), 1, keyOf(key));
  takeMessages(store, 2);
  for (const lengthBytes of [400, 10, 20])
    store.mail.send(3, nameOf('first'), textOf(filledText('message', lengthBytes)), 1);
  fillRooms(store);
  return buffer;
}

/** Room 1 has all three users, messages, and a reader of the first; room 2 the second and third; 3 is free. */
function fillRooms(store: Store): void {
  for (const room of ['one', 'two', 'three']) joinRoom(store, 2, room);
  for (const user of [1, 3]) joinRoom(store, user, 'one');
  joinRoom(store, 3, 'two');
  store.rooms.leave(2, nameOf('three'), 1);
  for (const lengthBytes of [400, 10]) {
    sendToRoom(store, 3, 'one', filledText('in one', lengthBytes));
    if (lengthBytes === 400) takeMessages(store, 2);
  }
}

function openSessions(store: Store): void {
  const open = (name: string, token: number): string =>
    store.openSession(store.credentialsOf(nameOf(name))!, tokenOf(token), 1);
  for (const token of [1, 3, 4]) open('first', token);
  for (const token of [5, 6]) open('second', token);
  store.closeSession(tokenOf(6));
}

/** A thread changes the password of the first user and dies before it has removed the ended sessions. */
function endSessionsHalfway(buffer: SharedArrayBuffer): void {
  const words = new Int32Array(buffer);
  const layout = readLayout(words);
  const epochWord = layout.users + userRecord.sessionEpoch;
  const endedBefore = words[epochWord]!;
  for (let stepsMax = 20; words[epochWord] === endedBefore; stepsMax += 1) {
    const memory = new CrashingMemory(buffer, stepsMax);
    try {
      const store = Store.attach(memory, 2, ignoreLongWaits);
      store.changePassword(store.credentialsOf(nameOf('first'))!, textOf('changed'), tokenOf(1));
    } catch (error) {
      if (!(error instanceof ThreadDeath)) throw error;
      recoverThread(new CrashingMemory(buffer), layout, 2);
    }
  }
}

export interface CheckedWord {
  readonly name: string;
  readonly word: number;
}

/** Every word that carries a link, a count or a state, by what it is. */
export function checkedWords(buffer: SharedArrayBuffer): readonly CheckedWord[] {
  const words = new Int32Array(buffer);
  const layout = readLayout(words);
  const first = layout.users;
  const linkedSession = layout.sessions;
  const inboxHead = words[first + userRecord.inboxHead]!;
  const blockWord = (blockNumber: number): number => layout.blocks + (blockNumber - 1) * block.words;
  const magazine = blockWord(words[header.magazineHead]!);
  const freeSession = layout.sessions + (words[header.sessionFree]! - 1) * sessionRecord.words;
  const stripe = new KeyedDigest(words.slice(header.keySecret, header.keySecret + 4)).take(
    2,
    keyOf('key'),
  )[0]!;
  const linkedKey = layout.keys + (stripe & (keyStripes - 1)) * layout.keysPerStripe * keyRecord.words;
  const keyBucket = keyBucketWord(
    layout,
    words[linkedKey + keyRecord.digest]!,
    words[linkedKey + keyRecord.digest + 1]!,
  );
  const named = (prefix: string, base: number, fields: Readonly<Record<string, number>>): CheckedWord[] =>
    Object.entries(fields).map(([name, offset]) => ({ name: `${prefix} ${name}`, word: base + offset }));
  return [
    ...named('header', 0, {
      activeHead: header.activeHead,
      activeTail: header.activeTail,
      activeCount: header.activeCount,
      userCount: header.userCount,
      sessionBump: header.sessionBump,
      sessionFree: header.sessionFree,
      sessionCount: header.sessionCount,
      blockBump: header.blockBump,
      magazineHead: header.magazineHead,
    }),
    ...named('lock', layout.locks, {
      'of a session stripe': 3 * lockWords,
      'of a user stripe': (lockNumber.userStripe + 5) * lockWords,
      'of the block allocator': lockNumber.blockAllocator * lockWords,
    }),
    ...named('thread slot', layout.threadSlots, {
      heldCount: threadSlot.heldCount,
      undoCount: threadSlot.undoCount,
      stockHead: threadSlot.stockHead,
      stockCount: threadSlot.stockCount,
    }),
    ...named('header', 0, {
      roomBump: header.roomBump,
      roomFree: header.roomFree,
      roomCount: header.roomCount,
      memberBump: header.memberBump,
      memberFree: header.memberFree,
      memberCount: header.memberCount,
    }),
    ...named('room', layout.rooms, {
      nextInBucket: roomRecord.nextInBucket,
      hash: roomRecord.hash,
      number: roomRecord.number,
      memberHead: roomRecord.memberHead,
      memberTail: roomRecord.memberTail,
      memberCount: roomRecord.memberCount,
      chainHead: roomRecord.chainHead,
      chainTail: roomRecord.chainTail,
      messageCount: roomRecord.messageCount,
      blockCount: roomRecord.blockCount,
      lastSequenceLow: roomRecord.lastSequenceLow,
      newestMessage: roomRecord.newestMessage,
    }),
    ...named('member', layout.members, {
      nextOfRoom: memberRecord.nextOfRoom,
      previousOfRoom: memberRecord.previousOfRoom,
      nextOfUser: memberRecord.nextOfUser,
      previousOfUser: memberRecord.previousOfUser,
      user: memberRecord.user,
      room: memberRecord.room,
      readBlock: memberRecord.readBlock,
      readLow: memberRecord.readLow,
    }),
    ...named('user', first, {
      memberHead: userRecord.memberHead,
      nextInBucket: userRecord.nextInBucket,
      hash: userRecord.hash,
      displayHead: userRecord.displayHead,
      passwordHead: userRecord.passwordHead,
      sessionEpoch: userRecord.sessionEpoch,
      sessionHead: userRecord.sessionHead,
      sessionCount: userRecord.sessionCount,
      endedHead: userRecord.endedHead,
      activePrevious: userRecord.activePrevious,
      activeNext: userRecord.activeNext,
      inboxHead: userRecord.inboxHead,
      inboxTail: userRecord.inboxTail,
      inboxMessageCount: userRecord.inboxMessageCount,
      inboxBlockCount: userRecord.inboxBlockCount,
    }),
    ...named('session', linkedSession, {
      nextInBucket: sessionRecord.nextInBucket,
      token: sessionRecord.token,
      user: sessionRecord.user,
      epoch: sessionRecord.epoch,
      nextOfUser: sessionRecord.nextOfUser,
      previousOfUser: sessionRecord.previousOfUser,
    }),
    ...named('free session', freeSession, {
      nextInBucket: sessionRecord.nextInBucket,
      user: sessionRecord.user,
    }),
    ...named('idempotency key', linkedKey, {
      nextInBucket: keyRecord.nextInBucket,
      digest: keyRecord.digest,
      sequenceHigh: keyRecord.sequenceHigh,
    }),
    ...named('idempotency keys', 0, { bucket: keyBucket }),
    ...named('message', blockWord(inboxHead), {
      next: block.next,
      textBytes: block.message.textBytes,
      sender: block.message.sender,
      sequenceHigh: block.message.sequenceHigh,
      lastBlock: block.message.lastBlock,
    }),
    ...named('block of a message', blockWord(words[blockWord(inboxHead)]!), { next: block.next }),
    ...named('last block of an inbox', blockWord(words[first + userRecord.inboxTail]!), { next: block.next }),
    ...named('block of a password', blockWord(words[first + userRecord.passwordHead]!), { next: block.next }),
    ...named('magazine', magazine, {
      next: block.magazine.next,
      count: block.magazine.count,
      tail: block.magazine.tail,
    }),
    ...named('block of a stock', blockWord(words[layout.threadSlots + threadSlot.stockHead]!), {
      next: block.next,
    }),
  ];
}
