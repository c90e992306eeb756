/** Goal: a process killed while it brings the tables up to date leaves a state between two runs, and goes on from it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { modelUpTo } from '../support/record-scenario';
import { crashScenario } from '../support/table-apply-process';
import { contentsOf } from '../support/table-model';
import { TemporaryFolder } from '../support/temporary-folder';
import { Tables } from '../../workers/tables/tables';

const program = path.resolve(__dirname, '../../dist/tests/support/table-apply-process.js');
const seed = 20_250_615;
const stepCount = 4_000;
const roundsMax = 8;

/** Kills it after so many runs, in the midst of what follows. */
async function applyAndKill(folder: string, runs: number): Promise<void> {
  const child = spawn(process.execPath, [program, folder, String(seed), String(stepCount)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  // The first line comes before the first run.
  for (let line = 0; line <= runs; line += 1) await lines.next();
  // Not always at the same place of a run.
  await new Promise((resolve) => setTimeout(resolve, runs));
  child.kill('SIGKILL');
  await exit;
}

test('killed at any moment, the tables hold whole runs and nothing else', async () => {
  const { words, boundaries } = crashScenario(seed, stepCount);
  const folder = new TemporaryFolder();
  const reached = [0];
  try {
    for (let round = 0; round < roundsMax && reached.at(-1)! < words.length; round += 1) {
      await applyAndKill(folder.file('tables'), round);
      const tables = await Tables.open(folder.file('tables'));
      reached.push(tables.applied);
      expect(boundaries).toContain(tables.applied);
      expect(tables.applied).toBeGreaterThanOrEqual(reached.at(-2)!);
      expect(contentsOf(tables, 500)).toEqual(modelUpTo(words, tables.applied).contents());
      expect(tables.check()).toEqual([]);
      await tables.close();
    }
  } finally {
    folder.remove();
  }
  process.stdout.write(`killed at ${reached.join(', ')} of ${words.length} words\n`);
  expect(new Set(reached).size).toBeGreaterThan(3);
}, 60_000);
