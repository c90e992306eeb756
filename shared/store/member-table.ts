/**
 * Who is in which room: a record a membership, linked in its room's list (in order of joining) and in its user's.
 *
 * ```
 *   room.memberHead ──▶ [anna in #a] ──▶ [bob in #a] ──▶ 0      guarded by the room's lock
 *   user.memberHead ──▶ [bob in #a] ──▶ [bob in #b] ──▶ 0       guarded by the user's lock
 * ```
 *
 * A membership begins and ends under both locks. How far its user has read the room (`readBlock` and the sequence that
 * belongs to it) changes under both, too, so either is enough to look. The user's `readThrough` changes under the locks
 * of the user and of **all** rooms that the user is in: whoever holds the lock of one of them may read it.
 */
import { joinWords } from '../journal/record';
import { roomMembersMax, roomsOfUserMax } from '../protocol/limits';
import { header } from './header';
import type { Layout } from './layout';
import type { Locks } from './lock';
import type { Memory } from './memory';
import { memberRecord, roomRecord, userRecord } from './record-words';
import type { RoomTable } from './room-table';
import type { Transaction } from './transaction';
import type { UserTable } from './user-table';

export class MemberTable {
  /** Locks of rooms, to be put in order. */
  private readonly roomLocks = new Int32Array(roomsOfUserMax);

  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
    private readonly locks: Locks,
    private readonly transaction: Transaction,
    private readonly users: UserTable,
    private readonly rooms: RoomTable,
  ) {}

  /** The word where a member's record starts. */
  wordOf(member: number): number {
    return this.layout.members + (member - 1) * memberRecord.words;
  }

  /** The first membership of a user, or 0: one look that tells whether a user is in any room. */
  firstOf(user: number): number {
    return this.memory.read(this.users.wordOf(user) + userRecord.memberHead);
  }

  nextOfUser(member: number): number {
    return this.memory.read(this.wordOf(member) + memberRecord.nextOfUser);
  }

  /** The member of longest standing. */
  firstIn(room: number): number {
    return this.memory.read(this.rooms.wordOf(room) + roomRecord.memberHead);
  }

  nextOfRoom(member: number): number {
    return this.memory.read(this.wordOf(member) + memberRecord.nextOfRoom);
  }

  userOf(member: number): number {
    return this.memory.read(this.wordOf(member) + memberRecord.user);
  }

  roomOf(member: number): number {
    return this.memory.read(this.wordOf(member) + memberRecord.room);
  }

  /** A user's membership of a room, or 0. The user's lock is held. */
  find(user: number, room: number): number {
    let member = this.firstOf(user);
    while (member !== 0 && this.roomOf(member) !== room) member = this.nextOfUser(member);
    return member;
  }

  /** A user's membership of the room of a number, or 0. The user's lock is held. */
  findByNumber(user: number, number: number): number {
    let member = this.firstOf(user);
    while (member !== 0 && this.rooms.numberOf(this.roomOf(member)) !== number)
      member = this.nextOfUser(member);
    return member;
  }

  /** How many rooms a user is in. The user's lock is held. */
  countOf(user: number): number {
    let count = 0;
    for (let member = this.firstOf(user); member !== 0; member = this.nextOfUser(member)) count += 1;
    return count;
  }

  /** Why a user cannot become a member of a room (0: a new one); undefined when nothing is in the way. */
  obstacle(user: number, room: number): 'ROOM_FULL' | 'TOO_MANY_ROOMS' | undefined {
    if (room !== 0 && this.rooms.memberCount(room) >= roomMembersMax) return 'ROOM_FULL';
    return this.countOf(user) >= roomsOfUserMax ? 'TOO_MANY_ROOMS' : undefined;
  }

  /** Takes the locks of all rooms that a user is in. The user's lock is held, and none of a later tier. */
  lockRoomsOf(user: number): void {
    const { roomLocks } = this;
    let count = 0;
    for (let member = this.firstOf(user); member !== 0; member = this.nextOfUser(member)) {
      const lock = this.rooms.lockOf(this.roomOf(member));
      let at = count;
      while (at > 0 && roomLocks[at - 1]! > lock) at -= 1;
      // Rooms may share a lock.
      if (at > 0 && roomLocks[at - 1] === lock) continue;
      roomLocks.copyWithin(at + 1, at, count);
      roomLocks[at] = lock;
      count += 1;
    }
    for (let index = 0; index < count; index += 1) this.locks.acquire(roomLocks[index]!);
  }

  /**
   * Links a membership, last in both lists; 0 when the store is full. The locks of user, room and allocator are held.
   * It counts from the messages that come after it: see `noteJoined`.
   */
  insert(user: number, room: number): number {
    const { memory, transaction } = this;
    const member = this.allocate();
    if (member === 0) return 0;
    const word = this.wordOf(member);
    const roomWord = this.rooms.wordOf(room);
    const tail = memory.read(roomWord + roomRecord.memberTail);
    const last = this.lastOfUser(user);
    // By its user and its link a free record is known; nothing links to the rest yet: plain writes.
    transaction.set(word + memberRecord.user, user);
    transaction.set(word + memberRecord.nextOfRoom, 0);
    memory.write(word + memberRecord.room, room);
    memory.write(word + memberRecord.previousOfRoom, tail);
    memory.write(word + memberRecord.nextOfUser, 0);
    memory.write(word + memberRecord.previousOfUser, last);
    memory.write(word + memberRecord.readBlock, memory.read(roomWord + roomRecord.newestMessage));
    memory.write(word + memberRecord.readLow, memory.read(roomWord + roomRecord.lastSequenceLow));
    memory.write(word + memberRecord.readHigh, memory.read(roomWord + roomRecord.lastSequenceHigh));
    this.noteJoined(member, 0, 0);
    transaction.set(
      tail === 0 ? roomWord + roomRecord.memberHead : this.wordOf(tail) + memberRecord.nextOfRoom,
      member,
    );
    transaction.set(roomWord + roomRecord.memberTail, member);
    transaction.add(roomWord + roomRecord.memberCount, 1);
    transaction.set(
      last === 0
        ? this.users.wordOf(user) + userRecord.memberHead
        : this.wordOf(last) + memberRecord.nextOfUser,
      member,
    );
    return member;
  }

  /** Notes the sequence of the joining, in the transaction that links the member: nobody else can see it yet. */
  noteJoined(member: number, sequenceLow: number, sequenceHigh: number): void {
    const word = this.wordOf(member);
    this.memory.write(word + memberRecord.joinedLow, sequenceLow);
    this.memory.write(word + memberRecord.joinedHigh, sequenceHigh);
  }

  /** Unlinks a membership. The locks of user, room and allocator are held. */
  remove(member: number): void {
    const { memory, transaction } = this;
    const word = this.wordOf(member);
    const roomWord = this.rooms.wordOf(this.roomOf(member));
    const userWord = this.users.wordOf(this.userOf(member));
    this.unlink(
      member,
      roomWord + roomRecord.memberHead,
      memberRecord.previousOfRoom,
      memberRecord.nextOfRoom,
    );
    if (memory.read(roomWord + roomRecord.memberTail) === member)
      transaction.set(roomWord + roomRecord.memberTail, memory.read(word + memberRecord.previousOfRoom));
    transaction.add(roomWord + roomRecord.memberCount, -1);
    this.unlink(
      member,
      userWord + userRecord.memberHead,
      memberRecord.previousOfUser,
      memberRecord.nextOfUser,
    );
    transaction.set(word + memberRecord.user, 0);
    transaction.set(word + memberRecord.nextOfRoom, memory.read(header.memberFree));
    transaction.set(header.memberFree, member);
    transaction.add(header.memberCount, -1);
  }

  /**
   * The sequence up to which a member has nothing unread in the room: read, or from before the joining, or one's own.
   * One of the locks of user and room is held, and where only the room's is, see above.
   */
  readThrough(member: number): number {
    const { memory } = this;
    const word = this.wordOf(member);
    const userWord = this.users.wordOf(memory.read(word + memberRecord.user));
    return Math.max(
      this.wide(userWord + userRecord.readThroughLow, userWord + userRecord.readThroughHigh),
      this.wide(word + memberRecord.joinedLow, word + memberRecord.joinedHigh),
      this.readSequence(member),
    );
  }

  /** A message that the member has passed, while it is still in the room's chain; 0 for none. */
  readBlock(member: number): number {
    return this.memory.read(this.wordOf(member) + memberRecord.readBlock);
  }

  /** The sequence of the message `readBlock`. */
  readSequence(member: number): number {
    const word = this.wordOf(member);
    return this.wide(word + memberRecord.readLow, word + memberRecord.readHigh);
  }

  joinedSequence(member: number): number {
    const word = this.wordOf(member);
    return this.wide(word + memberRecord.joinedLow, word + memberRecord.joinedHigh);
  }

  /** Notes up to which message a member has passed. The locks of user and room are held. */
  noteRead(member: number, firstBlock: number, sequenceLow: number, sequenceHigh: number): void {
    const { transaction } = this;
    const word = this.wordOf(member);
    transaction.set(word + memberRecord.readBlock, firstBlock);
    transaction.set(word + memberRecord.readLow, sequenceLow);
    transaction.set(word + memberRecord.readHigh, sequenceHigh);
  }

  private unlink(member: number, headWord: number, previousField: number, nextField: number): void {
    const { memory, transaction } = this;
    const word = this.wordOf(member);
    const previous = memory.read(word + previousField);
    const next = memory.read(word + nextField);
    transaction.set(previous === 0 ? headWord : this.wordOf(previous) + nextField, next);
    if (next !== 0) transaction.set(this.wordOf(next) + previousField, previous);
  }

  private lastOfUser(user: number): number {
    let last = 0;
    for (let member = this.firstOf(user); member !== 0; member = this.nextOfUser(member)) last = member;
    return last;
  }

  private allocate(): number {
    const { memory, transaction } = this;
    const free = memory.read(header.memberFree);
    if (free !== 0) {
      transaction.set(header.memberFree, memory.read(this.wordOf(free) + memberRecord.nextOfRoom));
      transaction.add(header.memberCount, 1);
      return free;
    }
    const fresh = memory.read(header.memberBump) + 1;
    if (fresh > this.layout.membersMax) return 0;
    transaction.set(header.memberBump, fresh);
    transaction.add(header.memberCount, 1);
    return fresh;
  }

  private wide(lowWord: number, highWord: number): number {
    return joinWords(this.memory.read(lowWord), this.memory.read(highWord));
  }
}
