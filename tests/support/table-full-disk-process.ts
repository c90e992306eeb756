/**
 * A process that applies records until its disk is full, then says what it sees as one line of JSON: `folder`.
 * "Full" is a limit on the size of its files that whoever starts it has set.
 */
import { Tables } from '../../workers/tables/tables';
import { RecordWriter } from './record-writer';

export interface FullDiskReport {
  readonly code: string;
  /** Where the tables were before the disk was full, after that, and after another try. */
  readonly applied: readonly number[];
  readonly unreadCount: number;
  readonly findingCount: number;
}

const nowMs = 1_750_000_000_000;
const runMessages = 5_000;
const runsMax = 100;

async function main(folder: string): Promise<void> {
  const tables = await Tables.open(folder);
  const writer = new RecordWriter();
  writer.userCreated(1, nowMs, 'budi', 'Budi', 'hash');
  let sequence = 0;
  for (let run = 0; run < runsMax; run += 1) {
    const before = tables.applied;
    for (let count = 0; count < runMessages; count += 1)
      writer.message(1, 1, (sequence += 1), nowMs, 'halo, apa kabar?');
    const words = writer.taken();
    writer.clear();
    const code = codeOfTry(tables, words, before + words.length);
    if (code === '') continue;
    const applied = [before, tables.applied];
    codeOfTry(tables, words, before + words.length);
    const report: FullDiskReport = {
      code,
      applied: [...applied, tables.applied],
      unreadCount: [...tables.unread()].length,
      findingCount: tables.check().length,
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    break;
  }
  await tables.close();
}

/** Empty when it went well. */
function codeOfTry(tables: Tables, words: Int32Array, upTo: number): string {
  try {
    tables.apply(words, upTo, nowMs);
    return '';
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}

void main(process.argv[2]!);
