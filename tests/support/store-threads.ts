/** A store and several attachments to it, as so many threads would have them, used from one thread in turn. */
import { header } from '../../shared/store/header';
import { type Layout, readLayout, type StoreCapacity } from '../../shared/store/layout';
import { block } from '../../shared/store/record-words';
import { threadSlot } from '../../shared/store/thread-slot';
import { recoverThread } from '../../shared/store/recovery';
import { createStore, Store } from '../../shared/store/store';
import { LoneMemory } from './crashing-memory';
import { fixSecrets, ignoreLongWaits } from './store-values';

export class StoreThreads {
  readonly buffer: SharedArrayBuffer;
  readonly stores: Store[] = [];
  /** The outcomes seen so far, for tests that say what they must have reached. */
  readonly outcomes: Set<string>;
  private readonly memory: LoneMemory;
  private readonly layout: Layout;
  private readonly threadIds: number[] = [];
  private nextThreadId = 1;

  constructor(capacity: StoreCapacity, outcomes = new Set<string>()) {
    this.outcomes = outcomes;
    this.buffer = createStore(capacity);
    fixSecrets(this.buffer);
    this.memory = new LoneMemory(this.buffer);
    this.layout = readLayout(this.memory.words);
    for (let index = 0; index < capacity.threadsMax; index += 1) this.attach(index);
  }

  /** One thread ends while it does nothing; another takes over its slot, and with it its stock. */
  replace(index: number): void {
    recoverThread(this.memory, this.layout, this.threadIds[index]!);
    this.attach(index);
  }

  /** The blocks that a thread can get at: its own stock and the common pool, but not the stocks of others. */
  blocksWithinReach(index: number): number {
    const { memory, layout } = this;
    const slotWord = layout.threadSlots + index * threadSlot.words;
    let blocks = memory.read(slotWord + threadSlot.stockCount);
    blocks += layout.blocksMax - memory.read(header.blockBump);
    let magazine = memory.read(header.magazineHead);
    while (magazine !== 0) {
      const word = layout.blocks + (magazine - 1) * block.words;
      blocks += memory.read(word + block.magazine.count);
      magazine = memory.read(word + block.magazine.next);
    }
    return blocks;
  }

  private attach(index: number): void {
    const threadId = this.nextThreadId;
    this.nextThreadId += 1;
    this.threadIds[index] = threadId;
    this.stores[index] = Store.attach(this.memory, threadId, ignoreLongWaits);
  }
}
