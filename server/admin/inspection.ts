/**
 * Has a data directory read by a process of its own; see `workers/inspect-process.ts`.
 */
import { fork } from 'node:child_process';
import path from 'node:path';
import type { InspectAnswer, InspectTask } from '../../shared/journal/inspect-messages';
import { exitCode, StartError } from '../start-error';
import { workersFolder } from '../workers-folder';

type Answered = Exclude<InspectAnswer, { readonly kind: 'failed' }>;

/** What the process answers. @throws `StartError` when it cannot read the data, or dies of it. */
export function inspect(task: InspectTask): Promise<Answered> {
  const child = fork(path.join(workersFolder, 'inspect-process.js'), [], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    let answer: InspectAnswer | undefined;
    child.once('message', (message) => {
      answer = message as InspectAnswer;
    });
    child.once('error', reject);
    // With its channel closed: its exit may be heard of before what it answered.
    child.once('close', (code, signal) => {
      if (answer === undefined) reject(endedBy(task, code, signal));
      else if (answer.kind === 'failed') reject(failure(task, answer));
      else resolve(answer);
    });
    child.send(task);
  });
}

function endedBy({ folder }: InspectTask, code: number | null, signal: NodeJS.Signals | null): StartError {
  // What LMDB maps and finds cut or garbled ends the process without a word.
  if (signal === 'SIGBUS' || signal === 'SIGSEGV' || signal === 'SIGABRT')
    return new StartError(
      `the tables in ${folder} are damaged: reading them ended with ${signal}. Restore a backup.`,
      exitCode.dataUnavailable,
    );
  return new StartError(`reading ${folder} ended with ${signal ?? String(code)}`, exitCode.unexpected);
}

function failure(
  { folder }: InspectTask,
  { code, message }: InspectAnswer & { readonly kind: 'failed' },
): StartError {
  if (code === 'STORE_TOO_SMALL') return new StartError(message, exitCode.badUsage);
  if (code === 'OUTPUT') return new StartError(message, exitCode.unexpected);
  const isData = code.startsWith('DATA_') || code.startsWith('JOURNAL_');
  return new StartError(
    `cannot read the data in ${folder}: ${message} (${code})`,
    isData ? exitCode.dataUnavailable : exitCode.unexpected,
  );
}
