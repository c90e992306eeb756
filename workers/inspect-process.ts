/**
 * Entry point of the process that reads a data directory for `chat-server check` and `export`. A process of its own:
 * what is damaged badly enough ends whoever maps it into memory.
 */
import { dataFolders } from '../shared/journal/data-folders';
import type { InspectAnswer, InspectTask } from '../shared/journal/inspect-messages';
import { checkAll, checkTables } from './check-data';
import { Tables } from './tables/tables';

/** What was asked for is there, and cannot be handed over. */
class OutputError extends Error {
  readonly code = 'OUTPUT';
}

process.once('message', (task: InspectTask) => {
  run(task).then(answer, (error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    answer({ kind: 'failed', code: code ?? 'UNEXPECTED', message });
  });
});
// Whoever asked has gone: nobody wants to know any more.
process.once('disconnect', () => process.exit());
// `print` hears of every failed write itself.
process.stdout.on('error', () => undefined);

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
    if (!(await print(JSON.stringify(line)))) break;
  }
  await tables.close();
  return lines;
}

/** Resolves once the line is taken: false when nobody reads any more (`export ana | head -1`), which is no failure. */
function print(line: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => {
      if (!error) resolve(true);
      else if ((error as NodeJS.ErrnoException).code === 'EPIPE') resolve(false);
      else reject(new OutputError(`cannot write to standard output: ${error.message}`));
    });
  });
}

function answer(message: InspectAnswer): void {
  process.send!(message, () => {
    process.disconnect();
  });
}
