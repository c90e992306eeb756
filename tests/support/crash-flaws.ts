/** What a crash exploration is made of, and broken versions of it, to show that the exploration would notice. */
import type { Layout } from '../../shared/store/layout';
import { threadSlot } from '../../shared/store/thread-slot';
import { freeLocksOf } from '../../shared/store/lock';
import type { Memory } from '../../shared/store/memory';
import { recoverThread, type Recovery } from '../../shared/store/recovery';
import { rollBackSlot } from '../../shared/store/transaction';
import { CrashingMemory } from './crashing-memory';

export type CrashFlaw = 'none' | 'no undo log is kept' | 'no lock is freed' | 'nothing is taken back';

export interface CrashParts {
  readonly createMemory: (buffer: SharedArrayBuffer, stepsMax: number, layout: Layout) => CrashingMemory;
  readonly recover: (memory: Memory, layout: Layout, threadId: number) => Recovery | undefined;
}

const soundParts: CrashParts = {
  createMemory: (buffer, stepsMax) => new CrashingMemory(buffer, stepsMax),
  recover: recoverThread,
};

export function flawedParts(flaw: CrashFlaw): CrashParts {
  switch (flaw) {
    case 'none':
      return soundParts;
    case 'no undo log is kept':
      return {
        ...soundParts,
        createMemory: (buffer, stepsMax, layout) => new ForgetfulMemory(buffer, stepsMax, layout),
      };
    case 'no lock is freed':
      return { ...soundParts, recover: recoverWith(rollBackSlot, () => undefined) };
    case 'nothing is taken back':
      return { ...soundParts, recover: recoverWith(dropUndoLog, freeLocksOf) };
  }
}

/** Memory on which the undo log's length is never written down. */
class ForgetfulMemory extends CrashingMemory {
  constructor(
    buffer: SharedArrayBuffer,
    stepsMax: number,
    private readonly layout: Layout,
  ) {
    super(buffer, stepsMax);
  }

  override write(word: number, value: number): void {
    const { threadSlots, userBuckets } = this.layout;
    const isOfSlot = word >= threadSlots && word < userBuckets;
    const isUndoCount = isOfSlot && (word - threadSlots) % threadSlot.words === threadSlot.undoCount;
    super.write(word, isUndoCount ? 0 : value);
  }
}

function dropUndoLog(memory: Memory, slotWord: number): void {
  memory.write(slotWord + threadSlot.undoCount, 0);
}

/** Recovery, put together from the given steps. */
function recoverWith(rollBack: typeof rollBackSlot, freeLocks: typeof freeLocksOf): CrashParts['recover'] {
  return (memory, layout, threadId) => {
    for (let index = 0; index < layout.threadsMax; index += 1) {
      const slotWord = layout.threadSlots + index * threadSlot.words;
      if (memory.load(slotWord + threadSlot.claimed) !== threadId) continue;
      rollBack(memory, slotWord);
      freeLocks(memory, layout, index + 1, slotWord);
      memory.store(slotWord + threadSlot.claimed, 0);
      return 'rolledBack';
    }
    return undefined;
  };
}
