/**
 * Entry point of the history thread: answers `history` and `search` from the tables, which another thread of this
 * process writes. It only reads: its death costs the jobs it had and nothing else.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { HistoryAnswer, HistoryJob, HistoryRequest, HistorySettings } from '../shared/batch/history-job';
import { dataFolders } from '../shared/journal/data-folders';
import { HistoryDesk } from './history-desk';
import { Tables } from './tables/tables';

/** On Linux a priority belongs to a thread; see `hash-worker.ts`. */
const historyPriority = 5;

if (process.platform === 'linux') setPriority(0, historyPriority);

const settings = workerData as HistorySettings;
const port = parentPort!;

function answer(tables: Tables, desk: HistoryDesk, job: HistoryJob): HistoryAnswer {
  try {
    tables.refresh();
    return { reply: desk.answer(job) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

async function main(): Promise<void> {
  const tables = await Tables.open(dataFolders(settings.folder).tables, { isBesideWriter: true });
  const desk = new HistoryDesk(tables);
  port.on('message', (request: HistoryRequest) => {
    if (request.kind === 'stop') {
      void tables.close().then(() => {
        port.close();
      });
      return;
    }
    port.postMessage(answer(tables, desk, request.job));
  });
}

void main();
