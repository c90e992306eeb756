/** Goal: every step of every operation, on stores of both kinds, may be a thread's last. */
import type { ExplorationAnswer, ExplorationRequest } from '../support/crash-exploration-worker';
import { crashScenarios } from '../support/crash-scenarios';
import { answersOf } from '../support/compiled-worker';

test.each([
  ['without a journal', 0],
  ['with a journal', 131_072],
  ['with a larger journal', 1_048_576],
])('%s', async (title, ringWords) => {
  const scenarioNames = crashScenarios.map(({ name }) => name);
  const request: ExplorationRequest = { scenarioNames, flaw: 'none', ringWords };
  const [explored] = await answersOf<ExplorationAnswer>('crash-exploration-worker.js', [request]);
  const explorations = Object.values(explored!);
  const crashPoints = explorations.reduce((sum, { crashPoints: count }) => sum + count, 0);
  process.stdout.write(`crash points explored ${title}: ${crashPoints}\n`);
  expect(explorations.flatMap(({ violations }) => violations)).toEqual([]);
});
