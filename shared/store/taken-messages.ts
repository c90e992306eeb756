/**
 * The messages that a `take` is about to hand over: they are chosen in order of arrival and handed over by sender, the
 * sender with the oldest message first. Numbers of messages and no texts, in arrays that are made once.
 *
 * ```
 *   group   sender   first ─┐   last ──────────────────┐
 *                           ▼                          ▼
 *   index                   0 ──nextOfSender──▶ 3 ──▶ 7 ──▶ −1
 * ```
 */
import type { InboxReader } from './message-readers';

export class TakenMessages {
  count = 0;
  /** The room of the message added last; 0 where it was to the user alone. */
  lastRoom = 0;

  // The messages, in order of arrival: first block, size, room, and the next of the same sender.
  private readonly messageBlock: Int32Array;
  private readonly messageTextBytes: Int32Array;
  private readonly messageRoom: Int32Array;
  private readonly nextOfSender: Int32Array;
  // Their senders, in order of their oldest message: user, first and last message.
  private readonly groupSender: Int32Array;
  private readonly groupFirst: Int32Array;
  private readonly groupLast: Int32Array;
  /** Per user, a group to look at: right when that group exists and is this user's. Never cleared. */
  private readonly groupHint: Int32Array;
  private groupCount = 0;

  constructor(
    private readonly messagesMax: number,
    usersMax: number,
  ) {
    this.messageBlock = new Int32Array(messagesMax);
    this.messageTextBytes = new Int32Array(messagesMax);
    this.messageRoom = new Int32Array(messagesMax);
    this.nextOfSender = new Int32Array(messagesMax);
    this.groupSender = new Int32Array(messagesMax);
    this.groupFirst = new Int32Array(messagesMax);
    this.groupLast = new Int32Array(messagesMax);
    this.groupHint = new Int32Array(usersMax + 1);
  }

  get isFull(): boolean {
    return this.count === this.messagesMax;
  }

  clear(): void {
    this.count = 0;
    this.groupCount = 0;
  }

  /** The sender's group, or −1 when there is no message of that sender yet. */
  groupOf(sender: number): number {
    const group = this.groupHint[sender]!;
    return group < this.groupCount && this.groupSender[group] === sender ? group : -1;
  }

  /** Adds a message; `group` is what `groupOf` its sender says. */
  add(group: number, sender: number, message: number, textBytes: number, room: number): void {
    const index = this.count;
    this.count = index + 1;
    this.lastRoom = room;
    this.messageBlock[index] = message;
    this.messageTextBytes[index] = textBytes;
    this.messageRoom[index] = room;
    this.nextOfSender[index] = -1;
    if (group >= 0) {
      this.nextOfSender[this.groupLast[group]!] = index;
      this.groupLast[group] = index;
    } else {
      this.addGroup(sender, index);
    }
  }

  private addGroup(sender: number, index: number): void {
    const group = this.groupCount;
    this.groupCount = group + 1;
    this.groupSender[group] = sender;
    this.groupFirst[group] = index;
    this.groupLast[group] = index;
    this.groupHint[sender] = group;
  }

  handOver(reader: InboxReader): void {
    for (let group = 0; group < this.groupCount; group += 1) {
      reader.sender(this.groupSender[group]!);
      for (let index = this.groupFirst[group]!; index >= 0; index = this.nextOfSender[index]!)
        reader.message(this.messageBlock[index]!, this.messageTextBytes[index]!, this.messageRoom[index]!);
    }
  }
}
