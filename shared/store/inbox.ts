/**
 * Inboxes: what a user has not read, of the messages to the user alone (a chain per user, see `message-chain.ts`) and
 * of those to the user's rooms, in order of sequence. Guarded by the user's lock, and those of the rooms.
 */
import { highWord, joinWords, lowWord } from '../journal/record';
import { roomsOfUserMax } from '../protocol/limits';
import { type BlockPool, messageBlockCount } from './block-pool';
import type { Layout } from './layout';
import type { MemberTable } from './member-table';
import type { Memory } from './memory';
import type { MessageChain } from './message-chain';
import { type InboxReader, type MessageReader, StoredMessage } from './message-readers';
import { block, userRecord } from './record-words';
import type { RoomChain } from './room-chain';
import type { RoomTable } from './room-table';
import type { RoomUnread } from './room-unread';
import type { StoredText } from './stored-text';
import { TakenMessages } from './taken-messages';
import type { Transaction } from './transaction';
import type { UserTable } from './user-table';

/** Messages that one `take` hands over at most. */
const takenMessagesMax = 32_768;

export class Inbox {
  /** The sequence of the newest message that the last `take` handed over. */
  lastTakenLow = 0;
  lastTakenHigh = 0;
  /** …and whom it was sent to: the user, or a room as its negative number. */
  lastTakenReceiver = 0;

  private readonly taken: TakenMessages;
  private readonly shown = new StoredMessage();

  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
    private readonly transaction: Transaction,
    private readonly blocks: BlockPool,
    private readonly chains: MessageChain,
    private readonly users: UserTable,
    private readonly rooms: RoomTable,
    private readonly members: MemberTable,
    private readonly roomChain: RoomChain,
    private readonly roomUnread: RoomUnread,
  ) {
    const messagesMax = Math.min(takenMessagesMax, layout.inboxMessagesMax * (1 + roomsOfUserMax));
    this.taken = new TakenMessages(messagesMax, layout.usersMax);
  }

  /**
   * Appends a message that has yet to be numbered; returns its first block, or 0 when the inbox is full. The user's
   * lock is held and blocks are reserved. Repeats `MessageChain.append` on purpose: this is the hottest path, and the
   * call cost it some 5 %.
   */
  append(
    user: number,
    sender: number,
    text: StoredText,
    nowMs: number,
    messagesMax = this.layout.inboxMessagesMax,
  ): number {
    const { memory, transaction, blocks } = this;
    const userWord = this.users.wordOf(user);
    const messageCount = memory.read(userWord + userRecord.inboxMessageCount);
    if (messageCount >= messagesMax) return 0;
    const count = text.messageBlockCount;
    const first = blocks.take(count);
    const last = count === 1 ? first : this.chains.noteLastBlock(first, count);

    const firstWord = blocks.wordOf(first);
    memory.write(firstWord + block.message.textBytes, text.lengthBytes);
    memory.write(firstWord + block.message.sender, sender);
    memory.write(firstWord + block.message.atLow, lowWord(nowMs));
    memory.write(firstWord + block.message.atHigh, highWord(nowMs));
    blocks.fill(first, 'message', text.words, text.lengthBytes);

    const tail = memory.read(userWord + userRecord.inboxTail);
    transaction.set(tail === 0 ? userWord + userRecord.inboxHead : blocks.wordOf(tail) + block.next, first);
    transaction.set(userWord + userRecord.inboxTail, last);
    transaction.set(userWord + userRecord.inboxMessageCount, messageCount + 1);
    transaction.add(userWord + userRecord.inboxBlockCount, count);
    return first;
  }

  /** Gives the message appended last, by its first block, its sequence. In the transaction that appends it. */
  number(user: number, firstBlock: number, sequenceLow: number, sequenceHigh: number): void {
    const firstWord = this.blocks.wordOf(firstBlock);
    const userWord = this.users.wordOf(user);
    this.memory.write(firstWord + block.message.sequenceLow, sequenceLow);
    this.memory.write(firstWord + block.message.sequenceHigh, sequenceHigh);
    this.setWide(userWord + userRecord.lastSequenceLow, sequenceLow, sequenceHigh);
  }

  /**
   * Hands the oldest messages, of the inbox and of the user's rooms, to `reader` and marks them read; returns how many.
   * The locks of the user and of its rooms are held; the reader copies what it needs before this returns, since the
   * blocks are free once the caller commits.
   */
  take(user: number, reader: InboxReader): number {
    const { memory, chains, roomUnread, taken } = this;
    const chain = this.chainOf(user);
    const isInRooms = this.members.firstOf(user) !== 0;
    if (isInRooms) roomUnread.open(user);
    taken.clear();
    let inboxCount = 0;
    let blockCount = 0;
    let last = 0;
    let next = chains.first(chain);
    while (!taken.isFull) {
      const room = isInRooms && this.isBehindRooms(next) ? roomUnread.room : 0;
      const message = room === 0 ? next : roomUnread.message;
      if (message === 0) break;
      const word = this.blocks.wordOf(message);
      const textBytes = memory.read(word + block.message.textBytes);
      const sender = memory.read(word + block.message.sender);
      const group = taken.groupOf(sender);
      if (!reader.accepts(sender, textBytes, group < 0, room)) break;
      taken.add(group, sender, message, textBytes, room);
      this.lastTakenLow = memory.read(word + block.message.sequenceLow);
      this.lastTakenHigh = memory.read(word + block.message.sequenceHigh);
      if (room !== 0) {
        roomUnread.pass();
        continue;
      }
      const blocksOfMessage = messageBlockCount(textBytes);
      last = blocksOfMessage === 1 ? message : chains.lastBlock(message);
      blockCount += blocksOfMessage;
      inboxCount += 1;
      next = chains.behind(last);
    }
    if (taken.count > 0) {
      this.lastTakenReceiver = taken.lastRoom === 0 ? user : -this.rooms.numberOf(taken.lastRoom);
      taken.handOver(reader);
      if (inboxCount > 0) chains.drop(chain, last, next, inboxCount, blockCount);
      this.noteReadThrough(user, this.lastTakenLow, this.lastTakenHigh);
    }
    return taken.count;
  }

  /**
   * Shows the oldest messages, of the inbox and of the user's rooms, at most so many, and leaves them; returns whether
   * there are more. The locks of the user and of its rooms are held.
   */
  show(user: number, messagesMax: number, reader: MessageReader): boolean {
    const { chains, roomUnread } = this;
    const isInRooms = this.members.firstOf(user) !== 0;
    if (isInRooms) roomUnread.open(user);
    let next = chains.first(this.chainOf(user));
    for (let count = 0; count < messagesMax; count += 1) {
      const room = isInRooms && this.isBehindRooms(next) ? roomUnread.room : 0;
      const message = room === 0 ? next : roomUnread.message;
      if (message === 0) return false;
      if (!reader.message(this.described(message, room, user))) return true;
      if (room === 0) next = chains.next(message);
      else roomUnread.pass();
    }
    return next !== 0 || (isInRooms && roomUnread.message !== 0);
  }

  private described(message: number, room: number, user: number): StoredMessage {
    const { memory, shown } = this;
    const word = this.blocks.wordOf(message);
    shown.sequence = this.readWide(word + block.message.sequenceLow);
    shown.sender = memory.read(word + block.message.sender);
    shown.atMs = this.readWide(word + block.message.atLow);
    shown.firstBlock = message;
    shown.textBytes = memory.read(word + block.message.textBytes);
    shown.receiver = room === 0 ? user : -this.rooms.numberOf(room);
    if (room !== 0) this.rooms.readName(room, shown.room);
    return shown;
  }

  /** The sequence of the newest message that the user ever had. The user's lock is held. */
  newestSequence(user: number): number {
    return this.readWide(this.users.wordOf(user) + userRecord.lastSequenceLow);
  }

  /** The sequence up to which everything has been read. The user's lock is held. */
  readThrough(user: number): number {
    return this.readWide(this.users.wordOf(user) + userRecord.readThroughLow);
  }

  /**
   * Marks everything read up to and including a sequence, also in the user's rooms, and drops it; returns the sequence of
   * the last message dropped, or 0. The locks of the user and of its rooms are held.
   */
  markRead(user: number, sequence: number): number {
    const lastSequence = this.chains.dropThrough(this.chainOf(user), sequence);
    this.noteReadThrough(user, lowWord(sequence), highWord(sequence));
    return lastSequence;
  }

  /** Drops all messages. The user's lock is held. */
  clear(user: number): void {
    this.chains.clear(this.chainOf(user));
  }

  private chainOf(user: number): number {
    return this.users.wordOf(user) + userRecord.inboxHead;
  }

  /** Whether the rooms have an older unread message than `message` of the inbox (0 for none). */
  private isBehindRooms(message: number): boolean {
    const { roomUnread } = this;
    if (message === 0 || roomUnread.message === 0) return roomUnread.message !== 0;
    return this.readWide(this.blocks.wordOf(message) + block.message.sequenceLow) > roomUnread.sequence;
  }

  /** Notes that all has been read up to a sequence, also in the user's rooms. */
  private noteReadThrough(user: number, sequenceLow: number, sequenceHigh: number): void {
    this.setWide(this.users.wordOf(user) + userRecord.readThroughLow, sequenceLow, sequenceHigh);
    if (this.members.firstOf(user) !== 0)
      this.roomChain.noteReadThrough(user, joinWords(sequenceLow, sequenceHigh));
  }

  private readWide(word: number): number {
    return joinWords(this.memory.read(word), this.memory.read(word + 1));
  }

  /** Sets a number of two words, the high one after the low one. The high word hardly ever changes. */
  private setWide(word: number, low: number, high: number): void {
    this.transaction.set(word, low);
    if (this.memory.read(word + 1) !== high) this.transaction.set(word + 1, high);
  }
}
