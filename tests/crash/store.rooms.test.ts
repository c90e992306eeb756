/** Goal: removing a user who is in rooms may be interrupted anywhere: each membership is whole, and it can be repeated. */
import { auditStore } from '../../shared/store/audit';
import { readLayout } from '../../shared/store/layout';
import { recoverThread } from '../../shared/store/recovery';
import { createStore, Store } from '../../shared/store/store';
import { CrashingMemory, LoneMemory, ThreadDeath } from '../support/crashing-memory';
import { takeMessages } from '../support/inbox-collector';
import { joinRoom, membersOf, roomsOf, sendToRoom } from '../support/room-values';
import { copyStore } from '../support/store-snapshot';
import { filledText, ignoreLongWaits, nameOf, textOf } from '../support/store-values';

const capacity = {
  threadsMax: 3,
  usersMax: 4,
  sessionsMax: 4,
  blocksMax: 1_000,
  inboxMessagesMax: 50,
  roomsMax: 4,
  membersMax: 8,
};
const [survivor, victim] = [1, 2];

/** Anna owns #one, where bob is, too, and is alone in #two; bob has something unread of her. */
function preparedStore(ringWords: number): SharedArrayBuffer {
  const buffer = createStore({ ...capacity, ringWords });
  const store = Store.attach(new LoneMemory(buffer), survivor, ignoreLongWaits);
  for (const name of ['anna', 'bob']) store.createUser(nameOf(name), textOf(name), textOf('hash'));
  for (const room of ['one', 'two']) joinRoom(store, 1, room);
  joinRoom(store, 2, 'one');
  for (const room of ['one', 'two']) sendToRoom(store, 1, room, filledText('halo', 300));
  return buffer;
}

test.each([
  ['without a journal', 0],
  ['with a journal', 131_072],
])(
  '%s',
  (_, ringWords) => {
    const prepared = preparedStore(ringWords);
    const layout = readLayout(new Int32Array(prepared));
    let deaths = 0;
    const roomsLeft = new Set<number>();
    for (;;) {
      const buffer = copyStore(prepared);
      try {
        const dying = Store.attach(new CrashingMemory(buffer, deaths), victim, ignoreLongWaits);
        expect(dying.removeUser(nameOf('anna'), 1)).toBe('OK');
        break;
      } catch (error) {
        if (!(error instanceof ThreadDeath)) throw error;
      }
      deaths += 1;
      recoverThread(new LoneMemory(buffer), layout, victim);
      expect(auditStore(buffer).findings).toEqual([]);
      const store = Store.attach(new LoneMemory(buffer), victim, ignoreLongWaits);
      roomsLeft.add(roomsOf(store, 1).length);
      expect(store.removeUser(nameOf('anna'), 1)).toMatch(/^(OK|NO_SUCH_USER)$/);
      expect(roomsOf(store, 1)).toEqual([]);
      expect(membersOf(store, 2, 'one')).toEqual([2]);
      expect(roomsOf(store, 2)).toMatchObject([{ owner: 2 }]);
      expect(takeMessages(store, 2)).toHaveLength(1);
      expect(auditStore(buffer)).toMatchObject({ findings: [], rooms: 1 });
    }
    expect([...roomsLeft].sort()).toEqual([0, 1, 2]);
    expect(deaths).toBeGreaterThan(100);
  },
  60_000,
);
