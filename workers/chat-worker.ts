/**
 * Entry point of the pool's threads: each attaches to the shared memory once and then runs what it is sent. A task that
 * fails is a flaw of ours, and its thread may hold locks: the thread ends, and is recovered like any dead one.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { openBatchSlots } from '../shared/batch/batch-area';
import { openBatchQueues } from '../shared/batch/batch-queue';
import type {
  AccountResult,
  Audience,
  CaughtUp,
  ChatTask,
  FinishedCommand,
  ListedUser,
  ServedBatches,
  ThreadFailure,
  WorkerSettings,
} from '../shared/batch/tasks';
import type { ErrorCode } from '../shared/protocol/error-codes';
import { escapeText } from '../shared/protocol/json-ascii';
import { Name } from '../shared/protocol/name';
import { Memory } from '../shared/store/memory';
import { Store } from '../shared/store/store';
import { StoredText } from '../shared/store/stored-text';
import { audiencesOf } from './audience';
import { BatchRunner } from './batch-runner';
import { catchUp } from './catch-up';
import { toSeconds } from './command';

const settings = workerData as WorkerSettings;
const store = Store.attach(new Memory(settings.store), threadId, ({ lock, ownerSlot, waitedMs }) => {
  process.emitWarning(
    `thread ${threadId} has waited ${waitedMs} ms for lock ${lock}, held by slot ${ownerSlot}`,
  );
});
store.limitSessions(settings.sessionLifetime);
const slots = openBatchSlots(settings.batchArea);
const queues = openBatchQueues(new Memory(settings.queueArea));
const runner = new BatchRunner(store, settings.lineBytesMax, settings, () => performance.now());

/** The one failure of a task that leaves the thread as it was: nothing had begun. */
const badUsername = 'BAD_USERNAME';

/** Those besides running batches. */
type OtherTask = Exclude<ChatTask, { readonly kind: 'serve' }>;

type TaskResult =
  | FinishedCommand
  | AccountResult
  | ListedUser[]
  | CaughtUp
  | Audience[]
  | boolean[]
  | boolean
  | string
  | undefined;

/** Without a task there is nothing to do: see `refill` in `server/pool.ts`. */
export default function runTask(task: OtherTask | undefined): TaskResult {
  return task === undefined ? undefined : endingOnFailure(() => carryOut(task));
}

/** Runs the batches of the thread's queue until it is called away, or one has a result. */
export async function serve(): Promise<ServedBatches> {
  // From here on the thread sleeps on its queue, not in its event loop. So the result of an earlier task is let out
  // first, and so is what that task printed.
  do await nextTurn();
  while (process.stdout.writableLength > 0 || process.stderr.writableLength > 0);
  return endingOnFailure(serveQueue);
}

function serveQueue(): ServedBatches {
  const queue = queues.find(({ thread }) => thread === threadId);
  if (queue === undefined) throw new Error('the thread has no queue of batches');
  // One batch comes before it leaves, or a thread that is called away for ever would never run any.
  let slot = queue.peek() ?? queue.next();
  for (;;) {
    if (slot === undefined) return { threadId, result: undefined };
    const result = runner.runBatch(slots[slot]!, Date.now());
    if (result !== undefined) return { threadId, result };
    queue.markDone();
    slot = queue.next();
  }
}

function endingOnFailure<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === badUsername) throw error;
    parentPort!.postMessage({ kind: 'threadFailure', error } satisfies ThreadFailure);
    process.exit(1);
  }
}

function carryOut(task: OtherTask): TaskResult {
  switch (task.kind) {
    case 'finish':
      return runner.finish(task.deferral, task.outcome, Date.now());
    case 'hasUser':
      return store.credentialsOf(nameOf(task.username)) !== undefined;
    case 'passwordHash':
      return store.credentialsOf(nameOf(task.username))?.passwordHash;
    case 'createUser': {
      const { username, displayName, passwordHash } = task.account;
      const display = StoredText.fromAscii(escapeText(displayName));
      return changeAccount(() =>
        store.createUser(nameOf(username), display, StoredText.fromAscii(passwordHash), Date.now()),
      );
    }
    case 'removeUser':
      return endSessionsOf(nameOf(task.username), (name) => store.removeUser(name));
    case 'setPassword':
      return endSessionsOf(nameOf(task.username), (name) =>
        store.resetPassword(name, StoredText.fromAscii(task.passwordHash)),
      );
    case 'listUsers':
      return store.listUsers();
    case 'removeExpiredSessions':
      store.removeExpiredSessions(toSeconds(Date.now()));
      store.journal.announce();
      return true;
    case 'catchUp':
      return catchUp(store, task, toSeconds(Date.now()));
    case 'areValid':
      return task.tokens.map((token) => store.useSession(token, toSeconds(Date.now())) !== 0);
    case 'audiencesOf':
      return audiencesOf(store, task.users, task.candidates);
    case 'touchUsers':
      for (const user of task.users) store.touchUser(user, toSeconds(Date.now()));
      return true;
  }
}

function changeAccount(change: () => ErrorCode | 'OK'): AccountResult {
  const { journal } = store;
  journal.forgetAwaited();
  const outcome = change();
  journal.announce();
  return { outcome, position: journal.awaited };
}

/** A change of an account that ends the user's sessions. */
function endSessionsOf(name: Name, change: (name: Name) => ErrorCode | 'OK'): AccountResult {
  const { user } = store.credentialsOf(name) ?? { user: 0 };
  const result = changeAccount(() => change(name));
  return result.outcome === 'OK' ? { ...result, endedSessionsOf: user } : result;
}

function nameOf(username: string): Name {
  const name = new Name();
  if (!name.readText(username)) {
    const error = new Error(`${JSON.stringify(username)} is not a username`);
    throw Object.assign(error, { code: badUsername });
  }
  return name;
}
