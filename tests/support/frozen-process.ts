/** A process that stands still, with all its threads, so that files can be copied as of one moment. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

const freezeMsMax = 10_000;

/** Stops a process, calls `look` when every thread of it stands still, and lets it go on. */
export async function whileFrozen<Result>(pid: number, look: () => Result): Promise<Result> {
  process.kill(pid, 'SIGSTOP');
  try {
    const deadline = Date.now() + freezeMsMax;
    while (!isFrozen(pid)) {
      if (Date.now() > deadline) throw new Error(`process ${pid} does not stand still`);
      await nextTurn();
    }
    return look();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** State T, after the name in parentheses: proc(5). */
function isFrozen(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) =>
    /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')),
  );
}
