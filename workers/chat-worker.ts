/**
 * Entry point of the pool's threads: each attaches to the shared memory once and then runs what it is sent.
 */
import { threadId, workerData } from 'node:worker_threads';
import { openBatchSlots } from '../shared/batch/batch-area';
import type {
  BatchResult,
  ChatTask,
  CreateUserResult,
  FinishedCommand,
  WorkerSettings,
} from '../shared/batch/tasks';
import { escapeText } from '../shared/protocol/json-ascii';
import { Name } from '../shared/protocol/name';
import { Memory } from '../shared/store/memory';
import { Store } from '../shared/store/store';
import { StoredText } from '../shared/store/stored-text';
import { BatchRunner } from './batch-runner';

const settings = workerData as WorkerSettings;
const store = Store.attach(new Memory(settings.store), threadId, ({ lock, ownerSlot, waitedMs }) => {
  process.emitWarning(
    `thread ${threadId} has waited ${waitedMs} ms for lock ${lock}, held by slot ${ownerSlot}`,
  );
});
const slots = openBatchSlots(settings.batchArea);
const runner = new BatchRunner(store, settings.lineBytesMax, settings);

export default function runTask(task: ChatTask): BatchResult | FinishedCommand | CreateUserResult | boolean {
  if (typeof task === 'number') return runner.runBatch(slots[task]!, Date.now());
  switch (task.kind) {
    case 'finish':
      return runner.finish(task.deferral, task.outcome, Date.now());
    case 'hasUser':
      return store.credentialsOf(nameOf(task.username)) !== undefined;
    case 'createUser': {
      const { username, displayName, passwordHash } = task.account;
      return store.createUser(
        nameOf(username),
        StoredText.fromAscii(escapeText(displayName)),
        StoredText.fromAscii(passwordHash),
      );
    }
  }
}

function nameOf(username: string): Name {
  const name = new Name();
  if (!name.readText(username)) throw new Error(`${JSON.stringify(username)} is not a username`);
  return name;
}
