/** Goal: the model that tests/property holds the store to for seconds, held for many and longer sequences. */
import fc from 'fast-check';
import { storeCommands } from '../support/store-commands';
import { StoreModel } from '../support/store-model';
import { StoreThreads } from '../support/store-threads';

const threadsMax = 3;
const rooms = { roomsMax: 4, membersMax: 20 };

test.each([
  ['roomy', { usersMax: 10, sessionsMax: 40, blocksMax: 30_000, inboxMessagesMax: 1_000, ...rooms }],
  [
    'few records',
    { usersMax: 4, sessionsMax: 5, blocksMax: 20_000, inboxMessagesMax: 4, roomsMax: 3, membersMax: 6 },
  ],
  ['few blocks', { usersMax: 5, sessionsMax: 8, blocksMax: 230, inboxMessagesMax: 50, ...rooms }],
  ['hardly any blocks', { usersMax: 5, sessionsMax: 3, blocksMax: 12, inboxMessagesMax: 3 }],
])('a store that is %s answers as the model does', (_, capacity) => {
  const setup = () => ({
    model: new StoreModel({ threadsMax, ...capacity }),
    real: new StoreThreads({ threadsMax, ...capacity }),
  });
  fc.assert(
    fc.property(storeCommands(400), (commands) => {
      fc.modelRun(setup, commands);
    }),
    { numRuns: 1_500 },
  );
});
