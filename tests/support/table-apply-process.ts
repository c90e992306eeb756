/**
 * A process that applies the same records for ever, to be killed: `folder seed stepCount`. Says "applying" once.
 * Each run begins where the tables are; when all is applied it waits to be killed.
 */
import { Tables } from '../../workers/tables/tables';
import { RecordScenario, scenarioNowMs, seededSteps } from './record-scenario';

const [folder, seed, stepCount] = process.argv.slice(2);

/** Records a run. */
const runRecords = 40;

export function crashScenario(seedNumber: number, steps: number): RecordScenario {
  return RecordScenario.of(12, seededSteps(seedNumber, steps));
}

async function main(folderName: string): Promise<void> {
  const { words, boundaries } = crashScenario(Number(seed), Number(stepCount));
  const tables = await Tables.open(folderName);
  process.stdout.write('applying\n');
  for (;;) {
    const from = boundaries.indexOf(tables.applied);
    const next = Math.min(from + runRecords, boundaries.length - 1);
    if (next === from) break;
    tables.apply(words.subarray(boundaries[from], boundaries[next]), boundaries[next]!, scenarioNowMs);
  }
  setInterval(() => undefined, 1_000);
}

if (require.main === module) void main(folder!);
