/** Goal: a whole fleet that comes back is told in questions of a bounded size, and in the order in which things happened. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PresenceEvents } from '../../server/live/presence-events';

const fleet = Array.from({ length: 3_000 }, (_, index) => index + 1);
const boundOfQuestion = 1_024;

/** Questions that wait to be answered, and what was told. */
class Scene {
  readonly questions: { readonly asked: number; answer: () => void; fail: () => void }[] = [];
  readonly told: string[] = [];
  readonly failures: unknown[] = [];
  readonly events = new PresenceEvents(
    {
      isWanted: true,
      users: fleet,
      tell: (told) => {
        for (const { listeners, event } of told) {
          const { user, state } = event as { user: string; state: string };
          for (const listener of listeners) this.told.push(`${listener}: ${user} ${state}`);
        }
      },
    },
    {
      audiencesOf: (users, candidates) =>
        new Promise((resolve, reject) => {
          this.questions.push({
            asked: Math.max(users.length, candidates.length),
            answer: () => {
              const audience = (user: number) => ({
                user,
                username: String(user),
                displayName: '',
                listeners: candidates.filter((candidate) => candidate === user + 1),
              });
              resolve(users.map(audience));
            },
            fail: () => {
              reject(new Error('the thread died'));
            },
          });
        }),
      onFailure: (error) => this.failures.push(error),
    },
  );

  /** Answers what is asked until nothing is; returns the largest question. */
  async answerAll(): Promise<number> {
    let largest = 0;
    for (let question = this.questions.shift(); question !== undefined; question = this.questions.shift()) {
      largest = Math.max(largest, question.asked);
      question.answer();
      await nextTurn();
    }
    return largest;
  }
}

let scene: Scene;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  scene = new Scene();
});
afterEach(() => {
  scene.events.stop();
  jest.useRealTimers();
});

test('everybody is told of everybody, one bounded question at a time', async () => {
  for (const user of fleet) scene.events.move(0, user);
  jest.advanceTimersByTime(1_000);
  expect(scene.questions).toHaveLength(1);
  expect(await scene.answerAll()).toBeLessThanOrEqual(boundOfQuestion);
  const expected = fleet.slice(0, -1).map((user) => `${user + 1}: ${user} online`);
  expect(scene.told.sort()).toEqual(expected.sort());
});

test('a going is not told before the coming whose question takes long', async () => {
  scene.events.move(0, 1);
  jest.advanceTimersByTime(1_000);
  scene.events.move(1, 0);
  jest.advanceTimersByTime(60_000);
  expect(scene.questions).toHaveLength(1);
  await scene.answerAll();
  expect(scene.told).toEqual(['2: 1 online', '2: 1 offline']);
});

test('what fails to be told does not keep the next from being told', async () => {
  scene.events.move(0, 1);
  jest.advanceTimersByTime(1_000);
  scene.questions.shift()!.fail();
  await nextTurn();
  expect(scene.failures).toHaveLength(1);
  scene.events.move(1, 0);
  jest.advanceTimersByTime(60_000);
  await scene.answerAll();
  expect(scene.told).toEqual(['2: 1 offline']);
});

test('nothing more is asked once it has stopped', async () => {
  for (const user of fleet) scene.events.move(0, user);
  jest.advanceTimersByTime(1_000);
  scene.events.stop();
  scene.questions.shift()!.answer();
  await nextTurn();
  expect(scene.questions).toHaveLength(0);
});
