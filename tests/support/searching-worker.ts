/** Reads and searches tables that another thread writes, until it is ended: in the middle of a read, most likely. */
import { parentPort, workerData } from 'node:worker_threads';
import { conversationOf } from '../../workers/tables/keys';
import { searchWordsOf } from '../../workers/tables/search';
import { Tables } from '../../workers/tables/tables';

async function main(folder: string): Promise<void> {
  const tables = await Tables.open(folder, { isBesideWriter: true });
  const words = searchWordsOf('halo');
  let newest = 0;
  for (let round = 0; ; round += 1) {
    tables.refresh();
    const query = { user: 1, rooms: [], words, conversation: undefined, limit: 1_000_000, before: Infinity };
    const found = tables.search(query).messages.length;
    const page = { conversation: conversationOf(1, 2), limit: 1_000, before: Infinity };
    const sequence = tables.historyPage(page).messages.at(-1)?.sequence ?? 0;
    if (sequence < newest || found < 1)
      throw new Error(`${found} found, the newest ${sequence} after ${newest}`);
    newest = sequence;
    if (round === 0) parentPort!.postMessage('reading');
  }
}

void main(workerData as string);
