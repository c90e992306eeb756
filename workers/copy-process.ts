/**
 * Entry point of the process that copies the tables for a backup. A process of its own: LMDB copies them in one go, however
 * slow the disk that the copy goes to, and nothing but a kill ends that.
 */
import type { CopyAnswer } from './copy-tables';
import { Tables } from './tables/tables';

const [source, target] = process.argv.slice(2) as [string, string];

// Whoever asked has gone, and the copy is of no use.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));

async function copy(): Promise<void> {
  const tables = await Tables.open(source, { readOnly: true });
  await tables.backup(target);
  await tables.close();
}

copy().then(
  () => {
    answer({ error: undefined });
  },
  (error: unknown) => {
    answer({ error: error instanceof Error ? error.message : String(error) });
  },
);

function answer(message: CopyAnswer): void {
  process.send!(message, () => process.exit());
}
