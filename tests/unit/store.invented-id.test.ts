/** Goal: an id of a message to oneself that was made up marks nothing as read, whatever the answer to its `ack` is. */
import { createStore, Store } from '../../shared/store/store';
import { MessageId } from '../../shared/protocol/message-id';
import { LoneMemory } from '../support/crashing-memory';
import { ignoreLongWaits, nameOf, textOf } from '../support/store-values';

const [anna, bob] = [1, 2];
const capacity = { threadsMax: 1, usersMax: 4, sessionsMax: 8, blocksMax: 100, inboxMessagesMax: 10 };

function idOf(sequence: number, receiver: number): MessageId {
  return Object.assign(new MessageId(), { sequence, receiver });
}

/** Messages 1 and 3 are Anna's, 2 is Bob's. */
function withMessages(): Store {
  const store = Store.attach(new LoneMemory(createStore(capacity)), 1, ignoreLongWaits);
  for (const name of ['anna', 'bob']) store.createUser(nameOf(name), textOf(name), textOf('hash'));
  for (const name of ['anna', 'bob', 'anna', 'anna'])
    expect(store.mail.send(bob, nameOf(name), textOf('hi'), 1)).toBe('OK');
  return store;
}

test('one of a message of another user is refused while it could mark something, and is OK when it cannot', () => {
  const { mail } = withMessages();
  expect(mail.acknowledge(anna, idOf(2, anna))).toBe('NO_SUCH_MESSAGE');
  expect(mail.acknowledge(anna, idOf(3, anna))).toBe('OK');
  expect(mail.acknowledge(anna, idOf(2, anna))).toBe('OK');
  expect(mail.acknowledge(anna, idOf(2, bob))).toBe('NO_SUCH_MESSAGE');
  expect(mail.acknowledge(anna, idOf(5, anna))).toBe('NO_SUCH_MESSAGE');
});
