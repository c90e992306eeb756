/**
 * What a user has not read in the rooms that it is in, as one run in order of sequence: the chains of the rooms are
 * merged as they are read. The user's lock and those of the rooms are held all the while.
 */
import { roomsOfUserMax } from '../protocol/limits';
import type { MemberTable } from './member-table';
import type { MessageChain } from './message-chain';
import type { RoomChain } from './room-chain';

export class RoomUnread {
  /** The oldest unread message that has not been passed, or 0; its room and sequence (`Infinity` for none). */
  message = 0;
  room = 0;
  sequence = Infinity;

  private user = 0;
  // For every room that has something unread: its next message.
  private readonly rooms = new Int32Array(roomsOfUserMax);
  private readonly messages = new Int32Array(roomsOfUserMax);
  private readonly sequences = new Float64Array(roomsOfUserMax);
  private count = 0;
  private oldest = 0;

  constructor(
    private readonly chains: MessageChain,
    private readonly members: MemberTable,
    private readonly roomChain: RoomChain,
  ) {}

  /** Stands before the oldest unread message of a user. */
  open(user: number): void {
    const { members } = this;
    this.user = user;
    this.count = 0;
    for (let member = members.firstOf(user); member !== 0; member = members.nextOfUser(member)) {
      const message = this.roomChain.firstUnread(member);
      if (message === 0) continue;
      this.rooms[this.count] = members.roomOf(member);
      this.messages[this.count] = message;
      this.sequences[this.count] = this.chains.sequence(message);
      this.count += 1;
    }
    this.findOldest();
  }

  /** Passes the message it stands before. */
  pass(): void {
    const { oldest } = this;
    const next = this.roomChain.nextUnread(this.message, this.user);
    this.messages[oldest] = next;
    this.sequences[oldest] = next === 0 ? Infinity : this.chains.sequence(next);
    this.findOldest();
  }

  private findOldest(): void {
    this.message = 0;
    this.room = 0;
    this.sequence = Infinity;
    for (let index = 0; index < this.count; index += 1) {
      if (this.sequences[index]! >= this.sequence) continue;
      this.oldest = index;
      this.message = this.messages[index]!;
      this.room = this.rooms[index]!;
      this.sequence = this.sequences[index]!;
    }
  }
}
