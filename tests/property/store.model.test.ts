/** Goal: whatever the operations and whichever thread carries them out, the store answers as a plain model does. */
import type { StoreCapacity } from '../../shared/store/layout';
import { answersOf } from '../support/compiled-worker';
import type { ModelAnswer, ModelRequest } from '../support/store-model-worker';

const threadsMax = 3;
const commandsMax = 120;
/** The soak has many more. */
const numRuns = 80;
/** Of all the sequences of the tests below. */
const outcomesOfAll = new Set<string>();

/** Returns the outcomes that were seen. */
async function holdTo(capacity: StoreCapacity): Promise<readonly string[]> {
  const request: ModelRequest = { capacity, numRuns, commandsMax };
  const [answer] = await answersOf<ModelAnswer>('store-model-worker.js', [request]);
  expect(answer!.failure).toBeUndefined();
  for (const outcome of answer!.outcomes) outcomesOfAll.add(outcome);
  return answer!.outcomes;
}

const capacities = {
  'with room for everything': {
    usersMax: 200,
    sessionsMax: 40,
    blocksMax: 30_000,
    inboxMessagesMax: 1_000,
    roomsMax: 4,
    membersMax: 40,
  },
  'that runs out of users, sessions, rooms and places in inboxes': {
    usersMax: 3,
    sessionsMax: 2,
    blocksMax: 20_000,
    inboxMessagesMax: 3,
    roomsMax: 2,
    membersMax: 4,
  },
  'that runs out of blocks': {
    usersMax: 20,
    sessionsMax: 8,
    blocksMax: 230,
    inboxMessagesMax: 50,
    roomsMax: 4,
    membersMax: 20,
  },
  'with hardly any blocks': { usersMax: 3, sessionsMax: 1, blocksMax: 12, inboxMessagesMax: 3 },
};

test.each(Object.entries(capacities))('a store %s answers as the model does', async (name, capacity) => {
  const outcomes = await holdTo({ threadsMax, ...capacity });
  if (name === 'with room for everything') expect(outcomes.join()).not.toMatch(/FULL|out of blocks/);
});

test('the sequences reached what there is to reach', async () => {
  const expected = [
    ['createUser', 'OK', 'USER_EXISTS', 'STORE_FULL'],
    ['openSession', 'OK', 'WRONG_PASSWORD', 'STORE_FULL'],
    ['useSession', 'OK', 'BAD_SESSION'],
    ['closeSession', 'OK', 'BAD_SESSION'],
    ['changePassword', 'OK', 'BAD_SESSION'],
    ['send', 'OK', 'INBOX_FULL', 'RECIPIENT_NOT_FOUND', 'out of blocks'],
    ['takeInbox', 'whole', 'prefix'],
    ['fetch', 'whole', 'prefix'],
    ['acknowledge', 'all', 'some', 'NO_SUCH_MESSAGE'],
    ['post', 'OK', 'again', 'INBOX_FULL', 'RECIPIENT_NOT_FOUND', 'out of blocks'],
    ['removeUser', 'OK', 'NO_SUCH_USER'],
    ['resetPassword', 'OK'],
    ['renewPasswordHash', 'OK'],
    ['joinRoom', 'OK', 'STORE_FULL'],
    ['leaveRoom', 'OK', 'NO_SUCH_ROOM', 'NOT_A_MEMBER'],
    ['removeMember', 'OK', 'NO_SUCH_ROOM', 'FORBIDDEN', 'RECIPIENT_NOT_FOUND', 'NOT_A_MEMBER'],
    ['sendToRoom', 'OK', 'NO_SUCH_ROOM', 'NOT_A_MEMBER', 'out of blocks'],
    ['chatter', 'OK'],
  ].flatMap(([operation, ...outcomes]) => outcomes.map((outcome) => `${operation!} ${outcome}`));
  const missing = (): string[] => expected.filter((outcome) => !outcomesOfAll.has(outcome));
  // Random sequences may miss a rare one: they get a few more chances, which would not help if it were out of reach.
  for (let round = 0; round < 4; round += 1)
    for (const capacity of Object.values(capacities))
      if (missing().length > 0) await holdTo({ threadsMax, ...capacity });
  expect(missing()).toEqual([]);
});
