/**
 * The messages of a room: one chain for all members, guarded by the room's lock. What a member has not read of it lies
 * behind the member's `readThrough`; one's own messages never count as unread.
 *
 * A chain holds as many messages as an inbox may. A full one loses its oldest for every new one. Now and then it is
 * looked up what all members have read: that goes first, being the oldest. What is dropped stays in the history.
 */
import { joinWords } from '../journal/record';
import type { Layout } from './layout';
import type { MemberTable } from './member-table';
import type { Memory } from './memory';
import type { MessageChain } from './message-chain';
import { roomRecord } from './record-words';
import type { RoomTable } from './room-table';
import type { StoredText } from './stored-text';
import type { Transaction } from './transaction';

/** Between two looks at what all members have read there are at least so many messages… */
const lookIntervalMin = 64;
/** …and, since a look may take a step for every member and message, at least a quarter of their number. */
const lookShare = 4;

export class RoomChain {
  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
    private readonly transaction: Transaction,
    private readonly chains: MessageChain,
    private readonly rooms: RoomTable,
    private readonly members: MemberTable,
  ) {}

  /** The sequence of the newest message sent to a room; 0 while there was none since a start, and all before were read. */
  lastSequence(room: number): number {
    const word = this.rooms.wordOf(room);
    const low = this.memory.read(word + roomRecord.lastSequenceLow);
    return joinWords(low, this.memory.read(word + roomRecord.lastSequenceHigh));
  }

  /**
   * Appends a message that has yet to be numbered, and returns it. The room's lock is held, and the message's blocks are
   * reserved. May take the block allocator's lock.
   */
  append(room: number, sender: number, text: StoredText, nowMs: number): number {
    const { chains } = this;
    const chain = this.chainOf(room);
    // More than one where the bound has been lowered since.
    const excess = chains.messageCount(chain) + 1 - this.layout.inboxMessagesMax;
    const droppedThrough = this.isLookDue(room) ? this.readByAll(room) : 0;
    const message = chains.append(chain, sender, text, nowMs);
    if (excess > 0 || droppedThrough > 0) chains.dropThrough(chain, droppedThrough, excess, message);
    return message;
  }

  /**
   * Gives the message that was appended last its sequence, in the same transaction. `senderMember` is the sender's
   * membership, or 0 where it is none any more. The locks of the room and of the sender are held.
   */
  number(
    room: number,
    message: number,
    senderMember: number,
    sequenceLow: number,
    sequenceHigh: number,
  ): void {
    const { transaction, members } = this;
    const word = this.rooms.wordOf(room);
    this.chains.number(message, sequenceLow, sequenceHigh);
    // A member who has nothing unread in the room has nothing unread there after a message of their own either.
    if (senderMember !== 0 && members.readThrough(senderMember) >= this.lastSequence(room))
      members.noteRead(senderMember, message, sequenceLow, sequenceHigh);
    transaction.set(word + roomRecord.lastSequenceLow, sequenceLow);
    transaction.set(word + roomRecord.lastSequenceHigh, sequenceHigh);
    transaction.set(word + roomRecord.newestMessage, message);
  }

  /** Drops all messages, before the room itself goes. May take the block allocator's lock. */
  clear(room: number): void {
    this.chains.clear(this.chainOf(room));
  }

  /** Whether a message of this sequence can have been a member's; never that of membership 0. */
  mayHave(member: number, sequence: number): boolean {
    const { members } = this;
    if (member === 0 || sequence <= members.joinedSequence(member)) return false;
    // What all have read is not loaded at a start, and the room does not know of it then.
    return sequence <= this.lastSequence(members.roomOf(member)) || sequence <= members.readThrough(member);
  }

  /** A member's oldest unread message, or 0. The locks of user and room are held. */
  firstUnread(member: number): number {
    const readThrough = this.members.readThrough(member);
    if (this.lastSequence(this.members.roomOf(member)) <= readThrough) return 0;
    return this.skipRead(this.behindRead(member), this.members.userOf(member), readThrough);
  }

  /** The unread message after another. */
  nextUnread(message: number, user: number): number {
    return this.skipRead(this.chains.next(message), user, 0);
  }

  /**
   * Notes in all rooms of a user that all up to a sequence has been read. The user's lock and those of its rooms are
   * held, and the sequence is no smaller than any before.
   */
  noteReadThrough(user: number, sequence: number): void {
    const { members } = this;
    for (let member = members.firstOf(user); member !== 0; member = members.nextOfUser(member))
      this.pass(member, user, sequence);
  }

  /** Moves the place up to which a member has passed the room's chain. */
  private pass(member: number, user: number, sequence: number): void {
    const { chains, members } = this;
    if (this.lastSequence(members.roomOf(member)) <= members.readSequence(member)) return;
    let passed = 0;
    let next = this.behindRead(member);
    while (next !== 0 && (chains.sequence(next) <= sequence || chains.sender(next) === user)) {
      passed = next;
      next = chains.next(next);
    }
    if (passed === 0) return;
    members.noteRead(member, passed, chains.sequenceLow(passed), chains.sequenceHigh(passed));
  }

  /** The first message behind the one that the member has passed; the first of all where that one is gone. */
  private behindRead(member: number): number {
    const { chains, members } = this;
    const first = chains.first(this.chainOf(members.roomOf(member)));
    const isInChain = first !== 0 && chains.sequence(first) <= members.readSequence(member);
    return isInChain ? chains.next(members.readBlock(member)) : first;
  }

  private skipRead(from: number, user: number, readThrough: number): number {
    const { chains } = this;
    let message = from;
    while (message !== 0 && (chains.sender(message) === user || chains.sequence(message) <= readThrough))
      message = chains.next(message);
    return message;
  }

  private isLookDue(room: number): boolean {
    const word = this.rooms.wordOf(room) + roomRecord.sendsUntilLook;
    const sendsUntilLook = this.memory.read(word);
    const steps = this.rooms.memberCount(room) + this.chains.messageCount(this.chainOf(room));
    const interval = Math.max(lookIntervalMin, Math.floor(steps / lookShare));
    this.transaction.set(word, sendsUntilLook === 0 ? interval : sendsUntilLook - 1);
    return sendsUntilLook === 0;
  }

  /** The sequence up to which every member has read the room; 0 when there is nothing that all have read. */
  private readByAll(room: number): number {
    const { chains, members } = this;
    const oldest = chains.first(this.chainOf(room));
    if (oldest === 0) return 0;
    const oldestSequence = chains.sequence(oldest);
    let least = Infinity;
    for (let member = members.firstIn(room); member !== 0; member = members.nextOfRoom(member)) {
      least = Math.min(least, members.readThrough(member));
      if (least < oldestSequence) return 0;
    }
    return least;
  }

  private chainOf(room: number): number {
    return this.rooms.wordOf(room) + roomRecord.chainHead;
  }
}
