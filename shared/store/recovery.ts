/**
 * What the main thread does when a thread has died: takes back what it had not committed, frees its locks, wakes
 * everyone. Only after the thread's 'exit', when it can write no more. Takes no lock, so it cannot hang itself: all
 * that it changes is protected by locks which the dead thread still holds, or belongs to the dead thread's slot.
 */
import { hasPublished, wakeJournalReader } from './journal-ring';
import type { Layout } from './layout';
import { freeLocksOf, wakeAllWaiters } from './lock';
import type { Memory } from './memory';
import { threadSlot } from './thread-slot';
import { keepSlot, rollBackSlot } from './transaction';

/** What a dead thread was changing: nothing; something whose record was published, and stands; something else. */
export type Recovery = 'nothing' | 'kept' | 'rolledBack';

/**
 * Recovers the slot that `threadId` had claimed; undefined when it had claimed none. The slot, with the stock of blocks
 * in it, goes to the next thread that attaches.
 */
export function recoverThread(memory: Memory, layout: Layout, threadId: number): Recovery | undefined {
  for (let index = 0; index < layout.threadsMax; index += 1) {
    const slotWord = layout.threadSlots + index * threadSlot.words;
    if (memory.load(slotWord + threadSlot.claimed) !== threadId) continue;
    const recovery = recoverChange(memory, slotWord);
    // The order matters: nobody may take a lock before what it protects is whole again.
    freeLocksOf(memory, layout, index + 1, slotWord);
    wakeAllWaiters(memory, layout);
    // It may have died between publishing records and waking the journal thread for them.
    if (layout.ringWords > 0) wakeJournalReader(memory);
    memory.store(slotWord + threadSlot.claimed, 0);
    return recovery;
  }
  return undefined;
}

function recoverChange(memory: Memory, slotWord: number): Recovery {
  const hasChanged = memory.read(slotWord + threadSlot.undoCount) > 0;
  const isPublished = hasPublished(memory, slotWord);
  if (isPublished) keepSlot(memory, slotWord);
  else rollBackSlot(memory, slotWord);
  memory.write(slotWord + threadSlot.isPublishing, 0);
  if (!hasChanged) return 'nothing';
  return isPublished ? 'kept' : 'rolledBack';
}
