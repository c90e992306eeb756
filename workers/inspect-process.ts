/**
 * Entry point of the process that reads a data directory for `chat-server check` and `export`. A process of its own:
 * what is damaged badly enough ends whoever maps it into memory.
 */
import { once } from 'node:events';
import { dataFolders } from '../shared/journal/data-folders';
import type { InspectAnswer, InspectTask } from '../shared/journal/inspect-messages';
import { checkAll, checkTables } from './check-data';
import { Tables } from './tables/tables';

process.once('message', (task: InspectTask) => {
  run(task).then(answer, (error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    answer({ kind: 'failed', code: code ?? 'UNEXPECTED', message });
  });
});
// Who asked has gone: nobody wants to know any more.
process.once('disconnect', () => process.exit());

async function run(task: InspectTask): Promise<InspectAnswer> {
  switch (task.kind) {
    case 'export':
      return { kind: 'exported', lines: await exportUser(task.folder, task.username) };
    case 'checkTables':
      return { kind: 'report', report: await checkTables(task.folder) };
    case 'checkAll':
      return { kind: 'report', report: await checkAll(task) };
  }
}

async function exportUser(folder: string, username: string): Promise<number> {
  const tables = await Tables.open(dataFolders(folder).tables, { readOnly: true });
  let lines = 0;
  for await (const line of tables.exportUser(username)) {
    lines += 1;
    if (!process.stdout.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, 'drain');
  }
  await tables.close();
  return lines;
}

function answer(message: InspectAnswer): void {
  process.send!(message, () => {
    process.disconnect();
  });
}
