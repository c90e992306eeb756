/** A disk that takes everything at once: reads the ring as the journal thread does, asleep while there is nothing. */
import { parentPort, workerData } from 'node:worker_threads';
import { JournalReader } from '../../shared/store/journal-reader';
import { Memory } from '../../shared/store/memory';

/** As long as the journal thread sleeps. */
const idleMs = 60_000;

const reader = new JournalReader(new Memory(workerData as SharedArrayBuffer));
parentPort!.postMessage('ready');
for (;;) {
  const run = reader.take();
  if (run !== undefined) reader.markDurable(run.end);
  else if (reader.isStopping) break;
  else reader.waitForMore(idleMs);
}
