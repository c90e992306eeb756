/** Goal: a thread may die after any step of any operation, and the operation has then happened whole or not at all. */
import type { ExplorationAnswer, ExplorationRequest } from '../support/crash-exploration-worker';
import type { CrashFlaw } from '../support/crash-flaws';
import { crashScenarios } from '../support/crash-scenarios';
import { answersOf } from '../support/compiled-worker';

const names = crashScenarios.map(({ name }) => name);
const operationOf = (name: string): string => name.split(',')[0]!;
/** The first so many of every operation; tests/soak takes all. */
const someNames = (count: number): readonly string[] =>
  names.filter(
    (name, index) =>
      names.slice(0, index).filter((other) => operationOf(other) === operationOf(name)).length < count,
  );

async function explore(
  scenarioNames: readonly string[],
  flaw: CrashFlaw,
  ringWords = 0,
): Promise<ExplorationAnswer> {
  const request: ExplorationRequest = { scenarioNames, flaw, ringWords };
  const [answer] = await answersOf<ExplorationAnswer>('crash-exploration-worker.js', [request]);
  return answer!;
}

describe.each([
  ['without a journal', 0, someNames(1)],
  ['with a journal, which then has its record or has not', 131_072, someNames(3)],
])(
  '%s, whichever step of a thread is its last, the operation is whole or not at all:',
  (title, ringWords, explorable) => {
    let explored: ExplorationAnswer = {};

    beforeAll(async () => {
      explored = await explore(explorable, 'none', ringWords);
      const crashPoints = Object.values(explored).reduce((sum, { crashPoints: count }) => sum + count, 0);
      process.stdout.write(
        `crash points explored ${title}: ${crashPoints}, in ${explorable.length} scenarios\n`,
      );
    }, 300_000);

    test.each(explorable)('%s', (name) => {
      const { violations, crashPoints } = explored[name]!;
      expect(violations).toEqual([]);
      expect(crashPoints).toBeGreaterThan(1);
    });

    test('operations that change something are interrupted on both sides of their commit', () => {
      const changing = crashScenarios.filter(
        ({ name, outcome }) =>
          explorable.includes(name) && (outcome === 'OK' || (name.startsWith('take') && outcome !== 0)),
      );
      const oneSided = changing.filter(({ name }) => {
        const { doneCount, crashPoints } = explored[name]!;
        return doneCount === 0 || doneCount === crashPoints;
      });
      expect(oneSided).toEqual([]);
    });
  },
);

describe('the exploration notices when', () => {
  const changing = [
    'createUser, in a chain, blocks in stock',
    'openSession, a user’s first',
    'closeSession, middle of three',
    'changePassword, kept session is the middle one',
    'renewPasswordHash',
    'send, two blocks, filled inbox',
    'takeInbox, whole',
    'joinRoom, with members',
    'leaveRoom, the owner, who has a successor',
    'sendToRoom, several blocks, empty stock',
    'takeUnread, of inbox and rooms',
  ];
  const flaws: readonly CrashFlaw[] = ['no undo log is kept', 'no lock is freed', 'nothing is taken back'];

  test.each(flaws)('%s', async (flaw) => {
    const explored = await explore(changing, flaw);
    const unnoticed = changing.filter((name) => explored[name]!.violations.length === 0);
    expect(unnoticed).toEqual([]);
  });
});
