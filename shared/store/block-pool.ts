/**
 * Equal blocks for message texts and stored texts. Each thread keeps a small stock of its own, so that the common
 * pool's lock is rarely taken; the common pool is a list of free chains ("magazines") plus the memory never used yet.
 *
 * A block is always in exactly one place: in a stock, in a magazine, linked from a record, or above `blockBump`.
 */
import { header } from './header';
import type { Layout } from './layout';
import type { Locks } from './lock';
import { lockNumber } from './lock-numbers';
import type { Memory } from './memory';
import { block } from './record-words';
import { threadSlot } from './thread-slot';
import type { Transaction } from './transaction';

const bytesPerWord = 4;
const firstTextBytes = (block.words - block.message.text) * bytesPerWord;
const furtherTextBytes = (block.words - block.continuation.text) * bytesPerWord;

/** Fresh blocks taken from the common pool at once. */
const refillBlocks = 64;
/** A chain that would make a stock larger than this goes to the common pool. */
const stockBlocksMax = 1_024;

/** The blocks that a message of so many (escaped) bytes takes. */
export function messageBlockCount(textBytes: number): number {
  return textBytes <= firstTextBytes ? 1 : 1 + Math.ceil((textBytes - firstTextBytes) / furtherTextBytes);
}

/** The blocks that a stored text of so many bytes takes; none for an empty one. */
export function textBlockCount(textBytes: number): number {
  return Math.ceil(textBytes / furtherTextBytes);
}

export class BlockPool {
  private readonly stockHeadWord: number;
  private readonly stockCountWord: number;

  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
    private readonly locks: Locks,
    private readonly transaction: Transaction,
    slotWord: number,
  ) {
    this.stockHeadWord = slotWord + threadSlot.stockHead;
    this.stockCountWord = slotWord + threadSlot.stockCount;
  }

  /** The word where a block starts. Blocks are numbered from 1. */
  wordOf(blockNumber: number): number {
    return this.layout.blocks + (blockNumber - 1) * block.words;
  }

  /**
   * Makes sure that the stock holds `count` blocks; false when the store is full. A transaction of its own: called
   * before an operation begins its changes.
   */
  reserve(count: number): boolean {
    while (this.memory.read(this.stockCountWord) < count) {
      if (!this.refill()) return false;
    }
    return true;
  }

  /**
   * Takes `count` reserved blocks from the stock, as a chain that ends in 0, and returns the first. Part of the
   * caller's transaction: if it does not commit, they are back in the stock.
   */
  take(count: number): number {
    const { memory, transaction } = this;
    const first = memory.read(this.stockHeadWord);
    let lastWord = this.wordOf(first);
    for (let taken = 1; taken < count; taken += 1) lastWord = this.wordOf(memory.read(lastWord + block.next));
    transaction.set(this.stockHeadWord, memory.read(lastWord + block.next));
    transaction.add(this.stockCountWord, -count);
    transaction.set(lastWord + block.next, 0);
    return first;
  }

  /** Gives back the chain from `head` to `tail`, of `count` blocks. Part of the caller's transaction. */
  give(head: number, tail: number, count: number): void {
    const { memory, transaction } = this;
    const stockCount = memory.read(this.stockCountWord);
    if (stockCount + count > stockBlocksMax) {
      this.giveMagazine(head, tail, count);
      return;
    }
    transaction.set(this.wordOf(tail) + block.next, memory.read(this.stockHeadWord));
    transaction.set(this.stockHeadWord, head);
    transaction.set(this.stockCountWord, stockCount + count);
  }

  /** The common pool's lock stays held until the caller has committed and releases all that it holds. */
  private giveMagazine(head: number, tail: number, count: number): void {
    const { memory, transaction } = this;
    const headWord = this.wordOf(head);
    this.locks.acquire(lockNumber.blockAllocator);
    // Logged, because a rolled back chain is a message again and these words are part of it.
    transaction.set(headWord + block.magazine.next, memory.read(header.magazineHead));
    transaction.set(headWord + block.magazine.count, count);
    transaction.set(headWord + block.magazine.tail, tail);
    transaction.set(this.wordOf(tail) + block.next, 0);
    transaction.set(header.magazineHead, head);
  }

  private refill(): boolean {
    this.locks.acquire(lockNumber.blockAllocator);
    const refilled = this.takeMagazine() || this.takeFresh();
    this.transaction.commit();
    this.locks.release();
    return refilled;
  }

  /** Takes a magazine, or the first blocks of a long one: a stock must not swallow what other threads need. */
  private takeMagazine(): boolean {
    const { memory, transaction } = this;
    const head = memory.read(header.magazineHead);
    if (head === 0) return false;
    const headWord = this.wordOf(head);
    const magazineCount = memory.read(headWord + block.magazine.count);
    const nextMagazine = memory.read(headWord + block.magazine.next);
    let tail = memory.read(headWord + block.magazine.tail);
    let count = magazineCount;
    let rest = nextMagazine;
    if (magazineCount > refillBlocks) {
      count = refillBlocks;
      const wholeTail = tail;
      tail = head;
      for (let index = 1; index < count; index += 1) tail = memory.read(this.wordOf(tail) + block.next);
      rest = memory.read(this.wordOf(tail) + block.next);
      // The rest becomes a magazine of its own. Nothing but the transaction will link to these words.
      const restWord = this.wordOf(rest);
      memory.write(restWord + block.magazine.next, nextMagazine);
      memory.write(restWord + block.magazine.count, magazineCount - count);
      memory.write(restWord + block.magazine.tail, wholeTail);
    }
    transaction.set(header.magazineHead, rest);
    transaction.set(this.wordOf(tail) + block.next, memory.read(this.stockHeadWord));
    transaction.set(this.stockHeadWord, head);
    transaction.add(this.stockCountWord, count);
    return true;
  }

  private takeFresh(): boolean {
    const { memory, transaction } = this;
    const used = memory.read(header.blockBump);
    const count = Math.min(refillBlocks, this.layout.blocksMax - used);
    if (count === 0) return false;
    const first = used + 1;
    const last = used + count;
    for (let blockNumber = first; blockNumber < last; blockNumber += 1) {
      memory.write(this.wordOf(blockNumber) + block.next, blockNumber + 1);
    }
    memory.write(this.wordOf(last) + block.next, memory.read(this.stockHeadWord));
    transaction.set(header.blockBump, last);
    transaction.set(this.stockHeadWord, first);
    transaction.add(this.stockCountWord, count);
    return true;
  }

  /** Fills taken blocks with a text that lies word-aligned in `source`. `first` begins a message or a stored text. */
  fill(first: number, kind: 'message' | 'continuation', source: Int32Array, textBytes: number): void {
    const { memory } = this;
    const wordCount = (textBytes + bytesPerWord - 1) >> 2;
    let blockWord = this.wordOf(first);
    let textWord: number = kind === 'message' ? block.message.text : block.continuation.text;
    let done = 0;
    for (;;) {
      const count = Math.min(wordCount - done, block.words - textWord);
      memory.writeWords(blockWord + textWord, source, done, count);
      done += count;
      if (done >= wordCount) return;
      blockWord = this.wordOf(memory.read(blockWord + block.next));
      textWord = block.continuation.text;
    }
  }

  /** Calls `take` for each run of the text's bytes, as offsets into the store's bytes. */
  copyText(first: number, kind: 'message' | 'continuation', textBytes: number, sink: TextSink): void {
    const { memory } = this;
    let blockWord = this.wordOf(first);
    let textWord: number = kind === 'message' ? block.message.text : block.continuation.text;
    let left = textBytes;
    for (;;) {
      const runBytes = Math.min(left, (block.words - textWord) * bytesPerWord);
      sink.copy(memory.view, (blockWord + textWord) * bytesPerWord, runBytes);
      left -= runBytes;
      if (left <= 0) return;
      blockWord = this.wordOf(memory.read(blockWord + block.next));
      textWord = block.continuation.text;
    }
  }
}

/** Where stored text goes: a reply being written. */
export interface TextSink {
  copy(source: DataView, start: number, lengthBytes: number): void;
}
