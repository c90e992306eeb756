/**
 * The part of the audit that looks at rooms: every room and membership in exactly the lists it belongs in, every chain
 * whole, and how far members have read no further than there is.
 */
import { roomMembersMax, roomsOfUserMax } from '../protocol/limits';
import type { AuditWords } from './audit-words';
import { header } from './header';
import type { Layout } from './layout';
import { block, memberRecord, roomRecord, userRecord, userState } from './record-words';

/** The bounds of a list, and what the audit calls it. */
interface ListWords {
  readonly head: number;
  readonly previousField: number;
  readonly nextField: number;
  readonly place: string;
}

export class RoomAudit {
  private readonly layout: Layout;
  /** The members found in rooms' lists, and in users' lists. */
  private readonly inRooms = new Set<number>();
  private readonly inUsers = new Set<number>();
  private readonly numbers = new Set<number>();
  private messages = 0;

  constructor(private readonly words: AuditWords) {
    this.layout = words.layout;
  }

  /** Returns the rooms and the messages that they hold. */
  run(userCount: number): { rooms: number; roomMessages: number } {
    const { words } = this;
    const rooms = this.checkBuckets();
    for (const room of rooms) this.checkRoom(room);
    for (let user = 1; user <= userCount; user += 1) this.checkUser(user);
    for (const member of this.inUsers)
      if (!this.inRooms.has(member)) words.report(`member ${member} is in no room’s list`);
    words.expect(this.inUsers.size, this.inRooms.size, 'members in users’ lists');
    words.expect(this.at(header.roomCount), rooms.size, 'rooms linked');
    words.expect(this.at(header.memberCount), this.inRooms.size, 'members linked');
    const freeRooms = this.countFree(header.roomFree, header.roomBump, (room) => ({
      isFree: this.at(this.roomWord(room) + roomRecord.number) === 0,
      next: this.at(this.roomWord(room) + roomRecord.nextInBucket),
    }));
    const freeMembers = this.countFree(header.memberFree, header.memberBump, (member) => ({
      isFree: this.at(this.memberWord(member) + memberRecord.user) === 0,
      next: this.at(this.memberWord(member) + memberRecord.nextOfRoom),
    }));
    words.expect(rooms.size + freeRooms, this.at(header.roomBump), 'rooms linked or free');
    words.expect(this.inRooms.size + freeMembers, this.at(header.memberBump), 'members linked or free');
    return { rooms: rooms.size, roomMessages: this.messages };
  }

  private checkBuckets(): Set<number> {
    const { words, layout } = this;
    const linked = new Set<number>();
    for (let bucket = 0; bucket < layout.roomBucketCount; bucket += 1) {
      let room = this.at(layout.roomBuckets + bucket);
      while (room !== 0) {
        if (!this.exists(room, header.roomBump) || linked.has(room)) {
          words.report(`room ${room} in bucket ${bucket} is linked twice or was never made`);
          break;
        }
        linked.add(room);
        const hash = this.at(this.roomWord(room) + roomRecord.hash);
        words.expect(hash & (layout.roomBucketCount - 1), bucket, `bucket of room ${room}`);
        room = this.at(this.roomWord(room) + roomRecord.nextInBucket);
      }
    }
    return linked;
  }

  private checkRoom(room: number): void {
    const { words } = this;
    const word = this.roomWord(room);
    const number = this.at(word + roomRecord.number);
    if (number < 1 || number > this.at(header.lastRoomNumber) || this.numbers.has(number))
      words.report(`room ${room} has the number ${number}`);
    this.numbers.add(number);
    const members = this.walkList({
      head: word + roomRecord.memberHead,
      previousField: memberRecord.previousOfRoom,
      nextField: memberRecord.nextOfRoom,
      place: `members of room ${room}`,
    });
    words.expect(this.at(word + roomRecord.memberCount), members.length, `members of room ${room}`);
    words.expect(this.at(word + roomRecord.memberTail), members.at(-1) ?? 0, `last member of room ${room}`);
    if (members.length < 1 || members.length > roomMembersMax)
      words.report(`room ${room} has ${members.length} members`);
    const messages = this.checkChain(room);
    let isOwnedByMember = false;
    let joinedBefore = 0;
    for (const member of members) {
      if (this.inRooms.has(member)) words.report(`member ${member} is in the lists of two rooms`);
      this.inRooms.add(member);
      words.expect(this.at(this.memberWord(member) + memberRecord.room), room, `room of member ${member}`);
      isOwnedByMember ||=
        this.at(this.memberWord(member) + memberRecord.user) === this.at(word + roomRecord.owner);
      const joined = this.wideOf(member, memberRecord.joinedLow, memberRecord.joinedHigh);
      if (joined <= joinedBefore) words.report(`member ${member} joined at ${joined}, after ${joinedBefore}`);
      joinedBefore = joined;
      this.checkReadPlace(room, member, messages);
    }
    if (!isOwnedByMember) words.report(`the owner of room ${room} is none of its members`);
  }

  /** Returns the messages of a room's chain by sequence. */
  private checkChain(room: number): Map<number, number> {
    const { words } = this;
    const word = this.roomWord(room);
    const messages = new Map<number, number>();
    const { last, lastSequence, messageCount, blockCount } = words.claimMessages(
      this.at(word + roomRecord.chainHead),
      0,
      `messages of room ${room}`,
      (message, sequence) => messages.set(sequence, message),
    );
    words.expect(this.at(word + roomRecord.chainTail), last, `chain tail of room ${room}`);
    words.expect(this.at(word + roomRecord.messageCount), messageCount, `messages of room ${room}`);
    words.expect(this.at(word + roomRecord.blockCount), blockCount, `blocks of room ${room}`);
    const newest = words.wide(word + roomRecord.lastSequenceLow, word + roomRecord.lastSequenceHigh);
    if (newest > words.wide(header.sequenceLow, header.sequenceHigh))
      words.report(`room ${room}: a sequence that was never given: ${newest}`);
    if (messageCount > 0) {
      words.expect(lastSequence, newest, `sequence of the newest message of room ${room}`);
      const message = this.at(word + roomRecord.newestMessage);
      words.expect(message, messages.get(newest) ?? 0, `newest message of room ${room}`);
    }
    this.messages += messageCount;
    return messages;
  }

  private checkReadPlace(room: number, member: number, messages: ReadonlyMap<number, number>): void {
    const { words } = this;
    const read = this.wideOf(member, memberRecord.readLow, memberRecord.readHigh);
    const newest = this.roomWord(room) + roomRecord.lastSequenceLow;
    if (read > words.wide(newest, newest + 1)) words.report(`member ${member} has read what was never sent`);
    const first = this.at(this.roomWord(room) + roomRecord.chainHead);
    if (first === 0) return;
    const firstWord = this.layout.blocks + (first - 1) * block.words;
    const oldest = words.wide(firstWord + block.message.sequenceLow, firstWord + block.message.sequenceHigh);
    if (oldest > read) return;
    const place = this.at(this.memberWord(member) + memberRecord.readBlock);
    words.expect(place, messages.get(read) ?? 0, `the message that member ${member} has read`);
  }

  private checkUser(user: number): void {
    const { words } = this;
    const word = this.layout.users + (user - 1) * userRecord.words;
    const members = this.walkList({
      head: word + userRecord.memberHead,
      previousField: memberRecord.previousOfUser,
      nextField: memberRecord.nextOfUser,
      place: `rooms of user ${user}`,
    });
    if (members.length > roomsOfUserMax) words.report(`user ${user} is in ${members.length} rooms`);
    if (members.length > 0 && this.at(word + userRecord.state) !== userState.live)
      words.report(`user ${user} is gone and still in rooms`);
    for (const member of members) {
      if (this.inUsers.has(member)) words.report(`member ${member} is in the lists of two users`);
      this.inUsers.add(member);
      words.expect(this.at(this.memberWord(member) + memberRecord.user), user, `user of member ${member}`);
    }
  }

  private walkList({ head, previousField, nextField, place }: ListWords): number[] {
    const { words } = this;
    const members: number[] = [];
    let previous = 0;
    let member = this.at(head);
    while (member !== 0) {
      if (!this.exists(member, header.memberBump) || members.length > this.at(header.memberBump)) {
        words.report(`${place}: member ${member} was never made, or the list is a ring`);
        break;
      }
      members.push(member);
      words.expect(this.at(this.memberWord(member) + previousField), previous, `${place}: before ${member}`);
      previous = member;
      member = this.at(this.memberWord(member) + nextField);
    }
    return members;
  }

  private countFree(
    headWord: number,
    bumpWord: number,
    look: (record: number) => { isFree: boolean; next: number },
  ): number {
    let free = 0;
    let record = this.at(headWord);
    while (record !== 0) {
      if (!this.exists(record, bumpWord) || free > this.at(bumpWord)) {
        this.words.report(`the free record ${record} was never made, or the free list is a ring`);
        break;
      }
      const { isFree, next } = look(record);
      if (!isFree) this.words.report(`the free record ${record} is in use`);
      free += 1;
      record = next;
    }
    return free;
  }

  private exists(record: number, bumpWord: number): boolean {
    return record >= 1 && record <= this.at(bumpWord);
  }

  private at(word: number): number {
    return this.words.at(word);
  }

  private wideOf(member: number, low: number, high: number): number {
    const word = this.memberWord(member);
    return this.words.wide(word + low, word + high);
  }

  private roomWord(room: number): number {
    return this.layout.rooms + (room - 1) * roomRecord.words;
  }

  private memberWord(member: number): number {
    return this.layout.members + (member - 1) * memberRecord.words;
  }
}
