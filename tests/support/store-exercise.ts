/** Every operation once, as proof that a store is usable: nothing hangs, nothing is refused, the audit stays clean. */
import assert from 'node:assert/strict';
import { auditStore } from '../../shared/store/audit';
import { Store } from '../../shared/store/store';
import { LoneMemory, LoneSleep } from './crashing-memory';
import { takeMessages } from './inbox-collector';
import { scenarioKeys, scenarioNames, scenarioTokens } from './crash-scenarios';
import { scenarioRooms } from './room-scenarios';
import { joinRoom, sendToRoom } from './room-values';
import { activeUsers } from './store-snapshot';
import { filledText, idOf, ignoreLongWaits, keyOf, nameOf, textOf, tokenOf } from './store-values';

const survivors = [3_000_001, 3_000_002];
const stoppedMax = 2;

/** Changes the store. Two thread slots must be free. In a store that is full, messages may be refused as such. */
export function exerciseStore(buffer: SharedArrayBuffer, isFull: boolean): void {
  for (const threadId of survivors) {
    const store = Store.attach(new LoneMemory(buffer), threadId, ignoreLongWaits);
    exerciseUsers(store, threadId, isFull);
    exerciseSessions(store, threadId, isFull);
    exerciseRooms(store, threadId, isFull);
  }
  assert.deepEqual(auditStore(buffer).findings, []);
}

/**
 * A few operations by threads of their own while another's locks may be held. Returns the threads that had to wait:
 * they are stopped in the midst of their operation, for the caller to recover.
 */
export function overtake(buffer: SharedArrayBuffer): number[] {
  const operations = scenarioNames.flatMap((name, index): ((store: Store) => unknown)[] => [
    (store) => store.mail.send(1, nameOf(name), textOf('overtaking'), 1),
    (store) =>
      store.mail.send(1, nameOf(name), textOf('again'), 1, keyOf(scenarioKeys[index % scenarioKeys.length]!)),
    (store) => takeMessages(store, store.credentialsOf(nameOf(name))?.user ?? 1, { messagesMax: 1 }),
    (store) => {
      const credentials = store.credentialsOf(nameOf(name));
      if (credentials !== undefined) store.openSession(credentials, tokenOf(500 + index), 1);
      store.closeSession(tokenOf(index + 1));
    },
    (store) => {
      const user = store.credentialsOf(nameOf(name))?.user ?? 1;
      for (const room of scenarioRooms) sendToRoom(store, user, room, 'overtaking');
      joinRoom(store, user, scenarioRooms[index % scenarioRooms.length]!);
    },
  ]);
  const stopped: number[] = [];
  let threadId = survivors[0]!;
  let store = Store.attach(new LoneMemory(buffer), threadId, ignoreLongWaits);
  for (const operation of operations) {
    try {
      operation(store);
    } catch (error) {
      if (!(error instanceof LoneSleep)) throw error;
      stopped.push(threadId);
      if (stopped.length === stoppedMax) return stopped;
      threadId += 1;
      store = Store.attach(new LoneMemory(buffer), threadId, ignoreLongWaits);
    }
  }
  return stopped;
}

function exerciseUsers(store: Store, threadId: number, isFull: boolean): void {
  const created = store.createUser(nameOf(`survivor-${threadId}`), textOf('Survivor'), textOf('hash'));
  assert.match(created, /^(OK|STORE_FULL)$/);
  for (const name of scenarioNames) {
    const credentials = store.credentialsOf(nameOf(name));
    if (credentials === undefined) continue;
    const { user } = credentials;
    takeMessages(store, user);
    const texts = [filledText('short', 10), filledText('long', 500)];
    const sent = texts.filter((text) => store.mail.send(user, nameOf(name), textOf(text), 1) === 'OK');
    if (!isFull) assert.deepEqual(sent, texts);
    assert.deepEqual(
      takeMessages(store, user),
      sent.map((text) => ({ sender: user, text })),
    );
    exercisePosts(store, user, name, `exercise-${threadId}-${user}`, isFull);
    if (sent.length === 0) continue;
    store.renewPasswordHash(credentials, textOf(`renewed by ${threadId}`));
    assert.equal(store.credentialsOfUser(user).passwordHash, `renewed by ${threadId}`);
  }
}

function exercisePosts(store: Store, user: number, name: string, keyText: string, isFull: boolean): void {
  const { mail, posts } = store;
  const key = keyOf(keyText);
  const outcome = mail.send(user, nameOf(name), textOf('posted'), 1, key);
  assert.ok(outcome === 'OK' || isFull, outcome);
  if (outcome !== 'OK') return;
  const { sequence, receiver } = posts.delivered;
  assert.deepEqual([receiver, posts.isDuplicate], [user, false]);
  assert.equal(mail.send(user, nameOf(name), textOf('posted'), 1, key), 'OK');
  assert.deepEqual([posts.delivered.sequence, posts.isDuplicate], [sequence, true]);
  const shown: number[] = [];
  const hasMore = mail.fetch(user, 10, { message: (message) => shown.push(message.sequence) > 0 });
  assert.deepEqual([shown, hasMore], [[sequence], false]);
  assert.equal(mail.acknowledge(user, idOf(sequence, user)), 'OK');
  assert.deepEqual(takeMessages(store, user), []);
}

function exerciseSessions(store: Store, threadId: number, isFull: boolean): void {
  for (const token of scenarioTokens) store.closeSession(tokenOf(token));
  for (const name of scenarioNames) {
    const credentials = store.credentialsOf(nameOf(name));
    if (credentials === undefined) continue;
    const kept = tokenOf(threadId);
    const other = tokenOf(threadId + 10);
    for (const token of [kept, other]) assert.equal(store.openSession(credentials, token, 2), 'OK');
    assert.equal(store.useSession(other, 3), credentials.user);
    const changed = store.changePassword(credentials, textOf('changed'), kept);
    if (!isFull) assert.equal(changed, 'OK');
    assert.equal(store.useSession(other, 4), changed === 'OK' ? 0 : credentials.user);
    store.closeSession(other);
    assert.ok(activeUsers(store).includes(credentials.user));
    assert.equal(store.closeSession(kept), 'OK');
    assert.equal(store.closeSession(kept), 'BAD_SESSION');
  }
}

/** Everybody joins the rooms there are and a new one, says something that all others read, and leaves. */
function exerciseRooms(store: Store, threadId: number, isFull: boolean): void {
  const users = scenarioNames.flatMap((name) => store.credentialsOf(nameOf(name))?.user ?? []);
  const joined = scenarioRooms.flatMap((room) =>
    users.filter((user) => joinRoom(store, user, room) === 'OK').map((user) => ({ room, user })),
  );
  if (!isFull) assert.equal(joined.length, users.length * scenarioRooms.length);
  for (const user of users) takeMessages(store, user);
  for (const { room, user } of joined) {
    const text = filledText(`${threadId} in ${room}`, 130);
    if (sendToRoom(store, user, room, text) !== 'OK') continue;
    for (const other of joined)
      if (other.room === room && other.user !== user)
        assert.deepEqual(takeMessages(store, other.user), [{ sender: user, text }]);
  }
  for (const { room, user } of joined) assert.equal(store.rooms.leave(user, nameOf(room), 1), 'OK');
  for (const user of users) assert.deepEqual(takeMessages(store, user), []);
}
