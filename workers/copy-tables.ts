/**
 * Has the tables copied by a process of their own; see `copy-process.ts`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface CopyAnswer {
  /** Why there is no copy; undefined when there is one, on disk. */
  readonly error: string | undefined;
}

/**
 * Copies the tables of one folder to another, as of one moment; returns when the copy is on disk.
 * @param stop ends it at once, whatever is copied by then.
 * @throws what the system says, or the reason of `stop`.
 */
export async function copyTables(source: string, target: string, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  const child = fork(path.join(__dirname, 'copy-process.js'), [source, target], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  stop.addEventListener('abort', kill);
  const answers: CopyAnswer[] = [];
  child.once('message', (message) => {
    answers.push(message as CopyAnswer);
  });
  try {
    // Its answer is sure to have come once the channel to it is closed: its exit may be heard of before that.
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    const [answer] = answers;
    stop.throwIfAborted();
    if (answer === undefined) throw new Error(`the copying ended with ${String(signal ?? code)}`);
    if (answer.error !== undefined) throw new Error(answer.error);
  } finally {
    stop.removeEventListener('abort', kill);
  }
}
