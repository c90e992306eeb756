// Goal: whoever catches up beside a dying thread is not past a message that is sent once that thread is buried.
import { Memory } from '../../shared/store/memory';
import { readLayout } from '../../shared/store/layout';
import { recoverThread } from '../../shared/store/recovery';
import { createStore, Store } from '../../shared/store/store';
import { catchUp } from '../../workers/catch-up';
import { CrashingMemory, ThreadDeath } from '../support/crashing-memory';
import { ignoreLongWaits, nameOf, textOf, tokenOf } from '../support/store-values';

const capacity = {
  threadsMax: 4,
  usersMax: 8,
  sessionsMax: 16,
  blocksMax: 1_000,
  inboxMessagesMax: 50,
  roomsMax: 8,
  membersMax: 24,
};
const [anna, budi] = [1, 2];
const victim = 2;
const token = tokenOf(1);

/** Memory of a thread that sleeps until the dead one is buried. */
class WaitingMemory extends Memory {
  override wait(): 'ok' {
    bury(this);
    return 'ok';
  }
}

function bury(memory: Memory): void {
  recoverThread(memory, readLayout(memory.words), victim);
}

/** False when the thread was through before that many steps. */
function caughtUpBesideDeath(stepsMax: number): boolean {
  const buffer = createStore(capacity);
  const memory = new WaitingMemory(buffer);
  const store = Store.attach(memory, 1, ignoreLongWaits);
  for (const name of ['anna', 'budi']) store.createUser(nameOf(name), textOf(name), textOf('hash'));
  store.openSession({ user: budi, passwordEpoch: 0 }, token, 1);
  let isDead = false;
  try {
    const dying = Store.attach(new CrashingMemory(buffer, stepsMax), victim, ignoreLongWaits);
    dying.mail.send(anna, nameOf('anna'), textOf('text'), 1);
  } catch (error) {
    if (!(error instanceof ThreadDeath)) throw error;
    isDead = true;
  }
  const { through } = catchUp(store, { user: budi, token, after: 0 }, 1)!;
  bury(memory);
  expect(store.mail.send(anna, nameOf('budi'), textOf('text'), 1)).toBe('OK');
  expect(store.lastSequence).toBeGreaterThan(through);
  return isDead;
}

test('after a death at any step of a message to somebody else', () => {
  let stepsMax = 0;
  while (caughtUpBesideDeath(stepsMax)) stepsMax += 1;
  expect(stepsMax).toBeGreaterThan(20);
});
