/**
 * Messages in the order of their sequences, of an inbox or of a room: a chain of blocks, guarded by the lock of whoever it
 * belongs to. A message is one block or several; the tail is the last block of the last message.
 *
 * ```
 *   head ──▶ [message 1] ──▶ [its 2nd block] ──▶ [message 2] ──▶ 0
 *   tail ───────────────────────────────────────────▲
 * ```
 *
 * A chain is named by the word of its head; its other words follow as `chainWord` says.
 */
import { joinWords, highWord, lowWord } from '../journal/record';
import { type BlockPool, messageBlockCount } from './block-pool';
import type { Memory } from './memory';
import { block, roomRecord, userRecord } from './record-words';
import type { StoredText } from './stored-text';
import type { Transaction } from './transaction';

/** The words of a chain, from that of its head. */
const chainWord = { head: 0, tail: 1, messageCount: 2, blockCount: 3 } as const;

export class MessageChain {
  constructor(
    private readonly memory: Memory,
    private readonly transaction: Transaction,
    private readonly blocks: BlockPool,
  ) {}

  /** The first message (its first block), or 0. */
  first(chain: number): number {
    return this.memory.read(chain + chainWord.head);
  }

  messageCount(chain: number): number {
    return this.memory.read(chain + chainWord.messageCount);
  }

  /** The message after another, or 0. */
  next(message: number): number {
    const count = messageBlockCount(this.textBytes(message));
    return this.behind(count === 1 ? message : this.lastBlock(message));
  }

  /** The message behind the last block of another, or 0. */
  behind(lastBlock: number): number {
    return this.memory.read(this.blocks.wordOf(lastBlock) + block.next);
  }

  textBytes(message: number): number {
    return this.memory.read(this.blocks.wordOf(message) + block.message.textBytes);
  }

  sender(message: number): number {
    return this.memory.read(this.blocks.wordOf(message) + block.message.sender);
  }

  sequence(message: number): number {
    return joinWords(this.sequenceLow(message), this.sequenceHigh(message));
  }

  sequenceLow(message: number): number {
    return this.memory.read(this.blocks.wordOf(message) + block.message.sequenceLow);
  }

  sequenceHigh(message: number): number {
    return this.memory.read(this.blocks.wordOf(message) + block.message.sequenceHigh);
  }

  /** Appends a message that has yet to be numbered, and returns it. Its blocks are reserved. */
  append(chain: number, sender: number, text: StoredText, nowMs: number): number {
    const { memory, transaction, blocks } = this;
    const count = text.messageBlockCount;
    const first = blocks.take(count);
    const last = count === 1 ? first : this.noteLastBlock(first, count);
    const firstWord = blocks.wordOf(first);
    memory.write(firstWord + block.message.textBytes, text.lengthBytes);
    memory.write(firstWord + block.message.sender, sender);
    memory.write(firstWord + block.message.atLow, lowWord(nowMs));
    memory.write(firstWord + block.message.atHigh, highWord(nowMs));
    blocks.fill(first, 'message', text.words, text.lengthBytes);
    const tail = memory.read(chain + chainWord.tail);
    transaction.set(tail === 0 ? chain + chainWord.head : blocks.wordOf(tail) + block.next, first);
    transaction.set(chain + chainWord.tail, last);
    transaction.add(chain + chainWord.messageCount, 1);
    transaction.add(chain + chainWord.blockCount, count);
    return first;
  }

  /** Gives a message its sequence, in the transaction that appends it: nobody else can see it yet. */
  number(message: number, sequenceLow: number, sequenceHigh: number): void {
    const word = this.blocks.wordOf(message);
    this.memory.write(word + block.message.sequenceLow, sequenceLow);
    this.memory.write(word + block.message.sequenceHigh, sequenceHigh);
  }

  /**
   * Drops the messages before `end` that are not behind a sequence, and at least so many of the oldest; returns the
   * sequence of the last one dropped, or 0. May take the block allocator's lock, so a transaction calls only one of
   * this, `clear` and `drop`, and only once. It does so after any `append`, which would fill the blocks of what was
   * dropped: taking back the transaction would not bring back their texts.
   */
  dropThrough(chain: number, sequence: number, messagesMin = 0, end = 0): number {
    const { memory, blocks } = this;
    let count = 0;
    let blockCount = 0;
    let last = 0;
    let lastSequence = 0;
    let next = this.first(chain);
    while (next !== end) {
      const word = blocks.wordOf(next);
      const sequenceLow = memory.read(word + block.message.sequenceLow);
      const sequenceOfNext = joinWords(sequenceLow, memory.read(word + block.message.sequenceHigh));
      if (sequenceOfNext > sequence && count >= messagesMin) break;
      lastSequence = sequenceOfNext;
      const blocksOfMessage = messageBlockCount(memory.read(word + block.message.textBytes));
      last = blocksOfMessage === 1 ? next : this.lastBlock(next);
      blockCount += blocksOfMessage;
      count += 1;
      next = this.behind(last);
    }
    if (count > 0) this.drop(chain, last, next, count, blockCount);
    return lastSequence;
  }

  /** Drops all messages. May take the block allocator's lock. */
  clear(chain: number): void {
    const count = this.messageCount(chain);
    if (count === 0) return;
    const last = this.memory.read(chain + chainWord.tail);
    this.drop(chain, last, 0, count, this.memory.read(chain + chainWord.blockCount));
  }

  /**
   * Drops the first `count` messages: those before `next`, of which `last` is the last block. May take the block
   * allocator's lock.
   */
  drop(chain: number, last: number, next: number, count: number, blockCount: number): void {
    const { transaction } = this;
    const first = this.first(chain);
    transaction.set(chain + chainWord.head, next);
    if (next === 0) transaction.set(chain + chainWord.tail, 0);
    transaction.add(chain + chainWord.messageCount, -count);
    transaction.add(chain + chainWord.blockCount, -blockCount);
    this.blocks.give(first, last, blockCount);
  }

  /** The last block of a message of several. */
  lastBlock(message: number): number {
    return this.memory.read(this.blocks.wordOf(message) + block.message.lastBlock);
  }

  /** Finds the last of the `count` blocks of a message that nothing links to yet, notes it there, and returns it. */
  noteLastBlock(message: number, count: number): number {
    let last = message;
    for (let index = 1; index < count; index += 1) last = this.behind(last);
    this.memory.write(this.blocks.wordOf(message) + block.message.lastBlock, last);
    return last;
  }
}

assertChainsFit();

/** The words of a chain lie as `chainWord` says, in a room and in a user. */
function assertChainsFit(): void {
  const { chainHead, chainTail, messageCount, blockCount } = roomRecord;
  const { inboxHead, inboxTail, inboxMessageCount, inboxBlockCount } = userRecord;
  const expected = [chainWord.head, chainWord.tail, chainWord.messageCount, chainWord.blockCount];
  for (const words of [
    [chainHead, chainTail, messageCount, blockCount],
    [inboxHead, inboxTail, inboxMessageCount, inboxBlockCount],
  ])
    if (words.some((word, index) => word - words[0]! !== expected[index]))
      throw new Error('the words of a chain of messages are not where a chain has them');
}
