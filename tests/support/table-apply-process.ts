/**
 * A process that applies the same records, to be killed: `folder seed stepCount`. Says "applying" once and "applied" after
 * each run. It begins where the tables are; when it has made all its runs it waits to be killed.
 */
import { Tables } from '../../workers/tables/tables';
import { RecordScenario, scenarioNowMs, seededSteps } from './record-scenario';

const [folder, seed, stepCount] = process.argv.slice(2);

/** Records a run. */
const runRecords = 40;
/** However late it is killed, there is something left for those after it. */
const runsMax = 12;

export function crashScenario(seedNumber: number, steps: number): RecordScenario {
  return RecordScenario.of(12, seededSteps(seedNumber, steps));
}

async function main(folderName: string): Promise<void> {
  const { words, boundaries } = crashScenario(Number(seed), Number(stepCount));
  const tables = await Tables.open(folderName);
  process.stdout.write('applying\n');
  for (let run = 0; run < runsMax; run += 1) {
    const from = boundaries.indexOf(tables.applied);
    const next = Math.min(from + runRecords, boundaries.length - 1);
    if (next === from) break;
    tables.apply(words.subarray(boundaries[from], boundaries[next]), boundaries[next]!, scenarioNowMs);
    process.stdout.write('applied\n');
  }
  setInterval(() => undefined, 1_000);
}

if (require.main === module) void main(folder!);
