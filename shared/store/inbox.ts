/**
 * Inboxes: a chain of blocks per user, guarded by the user's lock. A message is one block or several; `inboxTail` is
 * the last block of the last message.
 *
 * ```
 *   user.inboxHead ──▶ [message 1] ──▶ [its 2nd block] ──▶ [message 2] ──▶ 0
 *   user.inboxTail ───────────────────────────────────────────▲
 * ```
 */
import { highWord, joinWords, lowWord } from '../journal/record';
import { roomsOfUserMax } from '../protocol/limits';
import { Name } from '../protocol/name';
import type { BlockPool } from './block-pool';
import { messageBlockCount } from './block-pool';
import { block, type Layout, userRecord } from './layout';
import type { MemberTable } from './member-table';
import type { Memory } from './memory';
import type { RoomChain } from './room-chain';
import type { RoomTable } from './room-table';
import type { RoomUnread } from './room-unread';
import type { StoredText } from './stored-text';
import type { Transaction } from './transaction';
import type { UserTable } from './user-table';

/**
 * What is done with the messages that `take` hands over, in two passes: choose in order of arrival, write by sender.
 * `room` is where a message was sent to; 0 for one to the user alone.
 */
export interface InboxReader {
  /** Whether this message is taken too. Once one is not, none after it is. */
  accepts(sender: number, textBytes: number, isFirstOfSender: boolean, room: number): boolean;
  /** Begins the messages of one sender. */
  sender(sender: number): void;
  /** The next message of that sender; its text is copied with `BlockPool.copyText`. */
  message(firstBlock: number, textBytes: number, room: number): void;
}

/** A message as `show` shows it: one object, filled anew for each. */
export class StoredMessage {
  sequence = 0;
  sender = 0;
  /** The user itself, or a room as its negative number; then `room` is that room's name. */
  receiver = 0;
  readonly room = new Name();
  atMs = 0;
  /** Its text is copied with `Mailbox.copyText`. */
  firstBlock = 0;
  textBytes = 0;
}

export interface MessageReader {
  /** Takes a message; false when it has no room for it. Then none is shown after it. */
  message(message: StoredMessage): boolean;
}

/** Messages that one `take` hands over at most. */
const takenMessagesMax = 32_768;

export class Inbox {
  /** The sequence of the newest message that the last `take` handed over. */
  lastTakenLow = 0;
  lastTakenHigh = 0;
  /** …and whom it was sent to: the user, or a room as its negative number. */
  lastTakenReceiver = 0;

  // The messages of the `take` under way, in order of arrival: first block, size, room, and the next of the same sender.
  private readonly messageBlock: Int32Array;
  private readonly messageRoom: Int32Array;
  private readonly messageTextBytes: Int32Array;
  private readonly nextOfSender: Int32Array;
  // Its senders, in order of their oldest message: user, first and last message.
  private readonly groupSender: Int32Array;
  private readonly groupFirst: Int32Array;
  private readonly groupLast: Int32Array;
  /** Per user, a group to look at: right when that group exists and is this user's. Never cleared. */
  private readonly groupHint: Int32Array;
  private groupCount = 0;
  private readonly shown = new StoredMessage();

  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
    private readonly transaction: Transaction,
    private readonly blocks: BlockPool,
    private readonly users: UserTable,
    private readonly rooms: RoomTable,
    private readonly members: MemberTable,
    private readonly roomChain: RoomChain,
    private readonly roomUnread: RoomUnread,
  ) {
    const messagesMax = Math.min(takenMessagesMax, layout.inboxMessagesMax * (1 + roomsOfUserMax));
    this.messageBlock = new Int32Array(messagesMax);
    this.messageRoom = new Int32Array(messagesMax);
    this.messageTextBytes = new Int32Array(messagesMax);
    this.nextOfSender = new Int32Array(messagesMax);
    this.groupSender = new Int32Array(messagesMax);
    this.groupFirst = new Int32Array(messagesMax);
    this.groupLast = new Int32Array(messagesMax);
    this.groupHint = new Int32Array(layout.usersMax + 1);
  }

  /**
   * Appends a message that has yet to be numbered; returns its first block, or 0 when the inbox is full. The user's
   * lock is held and blocks are reserved.
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
    const last = count === 1 ? first : this.lastBlock(first, count);

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
    const { memory, roomUnread } = this;
    const userWord = this.users.wordOf(user);
    const isInRooms = this.members.firstOf(user) !== 0;
    if (isInRooms) roomUnread.open(user);
    this.groupCount = 0;
    let count = 0;
    let inboxCount = 0;
    let blockCount = 0;
    let last = 0;
    let next = memory.read(userWord + userRecord.inboxHead);
    for (; count < this.messageBlock.length; count += 1) {
      const room = isInRooms && this.isBehindRooms(next) ? roomUnread.room : 0;
      const message = room === 0 ? next : roomUnread.message;
      if (message === 0) break;
      const word = this.blocks.wordOf(message);
      const textBytes = memory.read(word + block.message.textBytes);
      const sender = memory.read(word + block.message.sender);
      const group = this.groupOf(sender);
      if (!reader.accepts(sender, textBytes, group < 0, room)) break;
      this.messageBlock[count] = message;
      this.messageRoom[count] = room;
      this.lastTakenLow = memory.read(word + block.message.sequenceLow);
      this.lastTakenHigh = memory.read(word + block.message.sequenceHigh);
      this.messageTextBytes[count] = textBytes;
      this.addToGroup(group, sender, count);
      if (room !== 0) {
        roomUnread.pass();
        continue;
      }
      const blocksOfMessage = messageBlockCount(textBytes);
      last = blocksOfMessage === 1 ? message : this.lastBlock(message, blocksOfMessage);
      blockCount += blocksOfMessage;
      inboxCount += 1;
      next = memory.read(this.blocks.wordOf(last) + block.next);
    }
    if (count > 0) {
      const lastRoom = this.messageRoom[count - 1]!;
      this.lastTakenReceiver = lastRoom === 0 ? user : -this.rooms.numberOf(lastRoom);
      this.handOver(reader);
      if (inboxCount > 0) this.unlink(userWord, last, next, inboxCount, blockCount);
      this.setWide(userWord + userRecord.readThroughLow, this.lastTakenLow, this.lastTakenHigh);
      if (isInRooms) this.roomChain.noteReadThrough(user, joinWords(this.lastTakenLow, this.lastTakenHigh));
    }
    return count;
  }

  /**
   * Shows the oldest messages, of the inbox and of the user's rooms, at most so many, and leaves them; returns whether
   * there are more. The locks of the user and of its rooms are held.
   */
  show(user: number, messagesMax: number, reader: MessageReader): boolean {
    const { memory, blocks, roomUnread } = this;
    const isInRooms = this.members.firstOf(user) !== 0;
    if (isInRooms) roomUnread.open(user);
    let next = memory.read(this.users.wordOf(user) + userRecord.inboxHead);
    for (let count = 0; count < messagesMax; count += 1) {
      const room = isInRooms && this.isBehindRooms(next) ? roomUnread.room : 0;
      const message = room === 0 ? next : roomUnread.message;
      if (message === 0) return false;
      const textBytes = this.describe(message, room, user);
      if (!reader.message(this.shown)) return true;
      if (room !== 0) roomUnread.pass();
      else
        next = memory.read(blocks.wordOf(this.lastBlock(message, messageBlockCount(textBytes))) + block.next);
    }
    return next !== 0 || (isInRooms && roomUnread.message !== 0);
  }

  /** Fills `shown`, and returns the size of the message's text. */
  private describe(message: number, room: number, user: number): number {
    const { memory, shown } = this;
    const word = this.blocks.wordOf(message);
    shown.sequence = this.readWide(word + block.message.sequenceLow);
    shown.sender = memory.read(word + block.message.sender);
    shown.atMs = this.readWide(word + block.message.atLow);
    shown.firstBlock = message;
    shown.textBytes = memory.read(word + block.message.textBytes);
    shown.receiver = room === 0 ? user : -this.rooms.numberOf(room);
    if (room !== 0) this.rooms.readName(room, shown.room);
    return shown.textBytes;
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
    const { memory, blocks } = this;
    const userWord = this.users.wordOf(user);
    let count = 0;
    let blockCount = 0;
    let last = 0;
    let lastSequence = 0;
    let next = memory.read(userWord + userRecord.inboxHead);
    while (next !== 0) {
      const word = blocks.wordOf(next);
      const sequenceOfNext = this.readWide(word + block.message.sequenceLow);
      if (sequenceOfNext > sequence) break;
      lastSequence = sequenceOfNext;
      const blocksOfMessage = messageBlockCount(memory.read(word + block.message.textBytes));
      last = this.lastBlock(next, blocksOfMessage);
      blockCount += blocksOfMessage;
      count += 1;
      next = memory.read(blocks.wordOf(last) + block.next);
    }
    if (count > 0) this.unlink(userWord, last, next, count, blockCount);
    this.setWide(userWord + userRecord.readThroughLow, lowWord(sequence), highWord(sequence));
    if (this.members.firstOf(user) !== 0) this.roomChain.noteReadThrough(user, sequence);
    return lastSequence;
  }

  /** Drops all messages. The user's lock is held. */
  clear(user: number): void {
    const { memory, transaction } = this;
    const userWord = this.users.wordOf(user);
    const head = memory.read(userWord + userRecord.inboxHead);
    if (head === 0) return;
    const blockCount = memory.read(userWord + userRecord.inboxBlockCount);
    this.blocks.give(head, memory.read(userWord + userRecord.inboxTail), blockCount);
    transaction.set(userWord + userRecord.inboxHead, 0);
    transaction.set(userWord + userRecord.inboxTail, 0);
    transaction.set(userWord + userRecord.inboxMessageCount, 0);
    transaction.set(userWord + userRecord.inboxBlockCount, 0);
  }

  /** Whether the rooms have an older unread message than `message` of the inbox (0 for none). */
  private isBehindRooms(message: number): boolean {
    const { memory, roomUnread } = this;
    if (message === 0 || roomUnread.message === 0) return roomUnread.message !== 0;
    const word = this.blocks.wordOf(message);
    const low = memory.read(word + block.message.sequenceLow);
    return joinWords(low, memory.read(word + block.message.sequenceHigh)) > roomUnread.sequence;
  }

  private handOver(reader: InboxReader): void {
    for (let group = 0; group < this.groupCount; group += 1) {
      reader.sender(this.groupSender[group]!);
      for (let index = this.groupFirst[group]!; index >= 0; index = this.nextOfSender[index]!) {
        reader.message(this.messageBlock[index]!, this.messageTextBytes[index]!, this.messageRoom[index]!);
      }
    }
  }

  private unlink(userWord: number, last: number, next: number, count: number, blockCount: number): void {
    const { memory, transaction } = this;
    const first = memory.read(userWord + userRecord.inboxHead);
    transaction.set(userWord + userRecord.inboxHead, next);
    if (next === 0) transaction.set(userWord + userRecord.inboxTail, 0);
    transaction.add(userWord + userRecord.inboxMessageCount, -count);
    transaction.add(userWord + userRecord.inboxBlockCount, -blockCount);
    this.blocks.give(first, last, blockCount);
  }

  /** The sender's group in the `take` under way, or −1. */
  private groupOf(sender: number): number {
    const group = this.groupHint[sender]!;
    return group < this.groupCount && this.groupSender[group] === sender ? group : -1;
  }

  private addToGroup(group: number, sender: number, index: number): void {
    this.nextOfSender[index] = -1;
    if (group >= 0) {
      this.nextOfSender[this.groupLast[group]!] = index;
      this.groupLast[group] = index;
      return;
    }
    const added = this.groupCount;
    this.groupCount = added + 1;
    this.groupSender[added] = sender;
    this.groupFirst[added] = index;
    this.groupLast[added] = index;
    this.groupHint[sender] = added;
  }

  private readWide(word: number): number {
    return joinWords(this.memory.read(word), this.memory.read(word + 1));
  }

  /** Sets a number of two words, the high one after the low one. The high word hardly ever changes. */
  private setWide(word: number, low: number, high: number): void {
    this.transaction.set(word, low);
    if (this.memory.read(word + 1) !== high) this.transaction.set(word + 1, high);
  }

  private lastBlock(first: number, count: number): number {
    let last = first;
    for (let index = 1; index < count; index += 1)
      last = this.memory.read(this.blocks.wordOf(last) + block.next);
    return last;
  }
}
