/** Goal: whatever threads do to rooms at once, everybody gets what was said, once and in one order, and nothing hangs. */
import { auditStore } from '../../shared/store/audit';
import { createStore, Store } from '../../shared/store/store';
import { answersOf } from '../support/compiled-worker';
import { LoneMemory } from '../support/crashing-memory';
import { takeAllMessages } from '../support/inbox-collector';
import type { RoomHammerAnswer, RoomHammerRequest, RoomMessage } from '../support/room-hammer-worker';
import { joinRoom } from '../support/room-values';
import { ignoreLongWaits, nameOf, textOf } from '../support/store-values';
import { ThreadBarrier } from '../support/thread-barrier';

const users = 10;
const rooms = ['tim', 'gol', 'lain', 'empat'];
const observer = 1_000_000;

function prepare(buffer: SharedArrayBuffer): Store {
  const store = Store.attach(new LoneMemory(buffer), observer, ignoreLongWaits);
  for (let user = 1; user <= users; user += 1)
    store.createUser(nameOf(`user-${user}`), textOf(`User ${user}`), textOf('hash'));
  for (const room of rooms) joinRoom(store, 1, room);
  return store;
}

test.each([
  [2, 6_000, 60],
  [4, 3_000, 25],
])(
  '%d threads',
  async (threads, operations, accessesPerPause) => {
    const seed = Math.floor(Math.random() * 100_000);
    const buffer = createStore({
      threadsMax: threads + 1,
      usersMax: users,
      sessionsMax: 1,
      blocksMax: 400_000,
      inboxMessagesMax: 50_000,
      roomsMax: rooms.length,
      membersMax: users * rooms.length,
    });
    const store = prepare(buffer);
    const barrier = ThreadBarrier.memoryFor();
    const tickets = new SharedArrayBuffer(users * 4);
    const shape = {
      store: buffer,
      barrier,
      tickets,
      threads,
      users,
      rooms,
      operations,
      seed,
      accessesPerPause,
    };
    const requests = Array.from({ length: threads }, (_, thread): RoomHammerRequest => ({
      ...shape,
      thread,
    }));
    const answers = await answersOf<RoomHammerAnswer>('room-hammer-worker.js', requests);
    const outcomes = answers.flatMap((answer) => Object.entries(answer.outcomes));
    process.stdout.write(
      `rooms hammered, seed ${seed}: ${outcomes.map((pair) => pair.join(' ')).join(', ')}\n`,
    );
    expect(auditStore(buffer).findings).toEqual([]);
    expect(answers.map(({ longWaits }) => longWaits)).toEqual(answers.map(() => 0));
    for (let user = 1; user <= users; user += 1) {
      const received = receivedBy(store, user, answers);
      for (let thread = 0; thread < threads; thread += 1) {
        const numbers = received.filter(([from]) => from === thread).map(([, number]) => number);
        // What one thread has sent, one after the other, arrives in that order, wherever it was sent to.
        expect(numbers.filter((number, index) => index > 0 && number <= numbers[index - 1]!)).toEqual([]);
      }
      if (user !== 1) continue;
      const expected = answers.flatMap(({ forFirst }) => forFirst).map((message) => message.join('.'));
      expect(received.map((message) => message.join('.')).sort()).toEqual(expected.sort());
    }
    expect(auditStore(buffer).findings).toEqual([]);
  },
  60_000,
);

/** In the order in which the takes had the user's lock; the last is ours. */
function receivedBy(store: Store, user: number, answers: readonly RoomHammerAnswer[]): RoomMessage[] {
  const takes = answers.flatMap((answer) => answer.takes.filter((take) => take.user === user));
  takes.sort((one, other) => one.ticket - other.ticket);
  const rest = takeAllMessages(store, user).map(({ text }): RoomMessage => {
    const [thread, number] = text.slice(0, text.indexOf(':')).split('.').map(Number);
    return [thread!, number!];
  });
  return [...takes.flatMap(({ messages }) => messages), ...rest];
}
