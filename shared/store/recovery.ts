/**
 * What the main thread does when a thread has died: takes back what it had not committed, frees its locks, wakes
 * everyone. Only after the thread's 'exit', when it can write no more. Takes no lock, so it cannot hang itself: all
 * that it changes is protected by locks which the dead thread still holds, or belongs to the dead thread's slot.
 */
import { type Layout, threadSlot } from './layout';
import { freeLocksOf, wakeAllWaiters } from './lock';
import type { Memory } from './memory';
import { hasPublished } from './journal-ring';
import { keepSlot, rollBackSlot } from './transaction';

/**
 * Recovers the slot that `threadId` had claimed; false when it had claimed none. The slot, with the stock of blocks
 * in it, goes to the next thread that attaches.
 */
export function recoverThread(memory: Memory, layout: Layout, threadId: number): boolean {
  for (let index = 0; index < layout.threadsMax; index += 1) {
    const slotWord = layout.threadSlots + index * threadSlot.words;
    if (memory.load(slotWord + threadSlot.claimed) !== threadId) continue;
    // The order matters: nobody may take a lock before what it protects is whole again.
    if (hasPublished(memory, slotWord)) keepSlot(memory, slotWord);
    else rollBackSlot(memory, slotWord);
    memory.write(slotWord + threadSlot.isPublishing, 0);
    freeLocksOf(memory, layout, index + 1, slotWord);
    wakeAllWaiters(memory, layout);
    memory.store(slotWord + threadSlot.claimed, 0);
    return true;
  }
  return false;
}
