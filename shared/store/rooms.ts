/**
 * The operations on rooms. As in `Store`, each is linearizable and happens whole or not at all, with one record; the
 * order of its locks stands here.
 */
import type { ErrorCode } from '../protocol/error-codes';
import type { IdempotencyKey } from '../protocol/idempotency-key';
import type { Name } from '../protocol/name';
import type { BlockPool, TextSink } from './block-pool';
import type { JournalRing } from './journal-ring';
import type { Locks } from './lock';
import type { MemberTable } from './member-table';
import type { Operation } from './operation';
import type { PostKeys } from './post-keys';
import type { RoomChain } from './room-chain';
import type { RoomSteps } from './room-steps';
import type { RoomTable } from './room-table';
import type { Sequence } from './sequence';
import type { StoreParts } from './store-parts';
import type { StoredText } from './stored-text';
import type { UserTable } from './user-table';

/** A room as one of its members sees it. Its name is copied with `copyName` while it is being visited. */
export interface ListedRoom {
  readonly room: number;
  /** In records and ids. */
  readonly number: number;
  readonly owner: number;
  readonly memberCount: number;
}

export class Rooms {
  /**
   * The number of the room that this thread changed last, and whose membership it was: 0 when somebody joined who was a
   * member already. The sequence is the one that was taken last.
   */
  changedRoom = 0;
  changedUser = 0;

  private readonly locks: Locks;
  private readonly blocks: BlockPool;
  private readonly users: UserTable;
  private readonly table: RoomTable;
  private readonly members: MemberTable;
  private readonly chain: RoomChain;
  private readonly steps: RoomSteps;
  private readonly posts: PostKeys;
  private readonly sequence: Sequence;
  private readonly journal: JournalRing;
  private readonly operation: Operation;

  constructor(parts: StoreParts) {
    this.locks = parts.locks;
    this.blocks = parts.blocks;
    this.users = parts.users;
    this.table = parts.rooms;
    this.members = parts.members;
    this.chain = parts.roomChain;
    this.steps = parts.roomSteps;
    this.posts = parts.posts;
    this.sequence = parts.sequence;
    this.journal = parts.journal;
    this.operation = parts.operation;
  }

  /** Makes a user a member of a room; its owner, too, when there was no room of that name. */
  join(user: number, name: Name, nowMs: number): ErrorCode | 'OK' {
    const { members, journal, operation, sequence } = this;
    this.changedUser = 0;
    if (!journal.reserve()) return 'BUSY';
    this.locks.acquire(this.users.lockOf(user));
    // Removed since its session was looked up.
    if (!this.users.isLive(user)) return operation.refuse('BAD_SESSION');
    this.locks.acquire(this.table.lockOfName(name));
    const found = this.table.find(name);
    if (found !== 0 && members.find(user, found) !== 0) {
      // Whoever joined it may not have waited for the disk.
      journal.awaitPublished();
      return operation.finish();
    }
    const obstacle = members.obstacle(user, found);
    if (obstacle !== undefined) return operation.refuse(obstacle);
    const member = this.steps.begin(user, found, name);
    if (member === 0) return operation.refuse('STORE_FULL');
    sequence.take();
    members.noteJoined(member, sequence.low, sequence.high);
    this.noteChange(members.roomOf(member), user);
    if (journal.isOn) {
      if (found === 0) journal.roomCreated(this.changedRoom, user, sequence.low, sequence.high, nowMs, name);
      else journal.roomJoined(this.changedRoom, user, sequence.low, sequence.high, nowMs);
    }
    return operation.finish();
  }

  /** Ends a user's membership of a room. */
  leave(user: number, name: Name, nowMs: number): ErrorCode | 'OK' {
    const { operation } = this;
    if (!this.journal.reserve()) return 'BUSY';
    this.locks.acquire(this.users.lockOf(user));
    this.locks.acquire(this.table.lockOfName(name));
    const room = this.table.find(name);
    if (room === 0) return operation.refuse('NO_SUCH_ROOM');
    const member = this.members.find(user, room);
    return member === 0 ? operation.refuse('NOT_A_MEMBER') : this.end(member, nowMs);
  }

  /** Ends another user's membership of a room, for the room's owner. */
  remove(owner: number, name: Name, username: Name, nowMs: number): ErrorCode | 'OK' {
    const { operation } = this;
    if (!this.journal.reserve()) return 'BUSY';
    this.locks.acquire(this.users.lockOfName(username));
    this.locks.acquire(this.table.lockOfName(name));
    const room = this.table.find(name);
    if (room === 0) return operation.refuse('NO_SUCH_ROOM');
    if (this.table.ownerOf(room) !== owner) return operation.refuse('FORBIDDEN');
    const user = this.users.find(username);
    if (user === 0) return operation.refuse('RECIPIENT_NOT_FOUND');
    const member = this.members.find(user, room);
    return member === 0 ? operation.refuse('NOT_A_MEMBER') : this.end(member, nowMs);
  }

  /** Whether a user is in any room. The user's lock is held. */
  hasAny(user: number): boolean {
    return this.members.firstOf(user) !== 0;
  }

  /** Ends all memberships of a user, one after the other, so that it may be repeated. `BUSY` as everywhere. */
  leaveAll(user: number, nowMs: number): 'OK' | 'BUSY' {
    const { members, operation } = this;
    for (;;) {
      if (!this.journal.reserve()) return 'BUSY';
      this.locks.acquire(this.users.lockOf(user));
      const member = members.firstOf(user);
      if (member === 0) return operation.finish();
      this.locks.acquire(this.table.lockOf(members.roomOf(member)));
      this.end(member, nowMs);
    }
  }

  /** Sends a message to all members of a room but the sender, who has to be one. With a key, as `Mailbox.send`. */
  send(sender: number, name: Name, text: StoredText, nowMs: number, key?: IdempotencyKey): ErrorCode | 'OK' {
    const { chain, posts, sequence, journal, operation } = this;
    if (!journal.reserve()) return 'BUSY';
    if (!posts.isNew(sender, key, nowMs)) {
      // The first one may not have reached the disk yet.
      journal.awaitPublished();
      return operation.finish();
    }
    if (!this.blocks.reserve(text.messageBlockCount)) return operation.refuse('STORE_FULL');
    this.locks.acquire(this.users.lockOf(sender));
    this.locks.acquire(this.table.lockOfName(name));
    const room = this.table.find(name);
    if (room === 0) return operation.refuse('NO_SUCH_ROOM');
    const member = this.members.find(sender, room);
    if (member === 0) return operation.refuse('NOT_A_MEMBER');
    const message = chain.append(room, sender, text, nowMs);
    const receiver = -this.table.numberOf(room);
    if (key !== undefined) posts.remember(receiver);
    // As late as can be: the sequence takes the one lock that all threads share.
    sequence.take();
    chain.number(room, message, member, sequence.low, sequence.high);
    posts.note(receiver);
    if (journal.isOn) journal.message(receiver, sender, sequence.low, sequence.high, nowMs, text, key);
    return operation.finish();
  }

  /** Calls `visit` for every room of a user, in order of joining. It must take no lock. */
  forEachRoomOf(user: number, visit: (room: ListedRoom) => void): void {
    const { members, table } = this;
    this.locks.acquire(this.users.lockOf(user));
    members.lockRoomsOf(user);
    for (let member = members.firstOf(user); member !== 0; member = members.nextOfUser(member)) {
      const room = members.roomOf(member);
      visit({
        room,
        number: table.numberOf(room),
        owner: table.ownerOf(room),
        memberCount: table.memberCount(room),
      });
    }
    this.locks.releaseAll();
  }

  /**
   * Calls `visit` for every member of a room that `user` is in, in order of joining, until it returns false. It must
   * take no lock. It begins behind the member `after`: `NOT_A_MEMBER` also when that one is none any more.
   */
  forEachMember(
    user: number,
    name: Name,
    after: Name | undefined,
    visit: (member: number, isOwner: boolean) => boolean,
  ): ErrorCode | 'OK' {
    const { members, table, operation } = this;
    const userAfter = after === undefined ? 0 : this.findUser(after);
    this.locks.acquire(this.users.lockOf(user));
    this.locks.acquire(table.lockOfName(name));
    const room = table.find(name);
    if (room === 0) return operation.refuse('NO_SUCH_ROOM');
    if (members.find(user, room) === 0) return operation.refuse('NOT_A_MEMBER');
    let member = members.firstIn(room);
    if (after !== undefined) {
      while (member !== 0 && members.userOf(member) !== userAfter) member = members.nextOfRoom(member);
      if (member === 0) return operation.refuse('NOT_A_MEMBER');
      member = members.nextOfRoom(member);
    }
    const owner = table.ownerOf(room);
    while (member !== 0 && visit(members.userOf(member), members.userOf(member) === owner))
      member = members.nextOfRoom(member);
    this.locks.releaseAll();
    return 'OK';
  }

  /** The number of a room that a user is in. */
  numberFor(user: number, name: Name): number | ErrorCode {
    const { operation } = this;
    this.locks.acquire(this.users.lockOf(user));
    this.locks.acquire(this.table.lockOfName(name));
    const room = this.table.find(name);
    if (room === 0) return operation.refuse('NO_SUCH_ROOM');
    if (this.members.find(user, room) === 0) return operation.refuse('NOT_A_MEMBER');
    const number = this.table.numberOf(room);
    this.locks.releaseAll();
    return number;
  }

  /** In bytes, without the `#`. */
  nameBytes(room: number): number {
    return this.table.nameBytes(room);
  }

  /** Copies the name, without the `#`, of a room that is being visited or read from. */
  copyName(room: number, sink: TextSink): void {
    this.table.copyName(room, sink);
  }

  /** Ends a membership, the locks of whose user and room are held. */
  private end(member: number, nowMs: number): 'OK' {
    const { journal, sequence } = this;
    this.noteChange(this.members.roomOf(member), this.members.userOf(member));
    this.steps.end(member);
    sequence.take();
    if (journal.isOn)
      journal.roomLeft(this.changedRoom, this.changedUser, sequence.low, sequence.high, nowMs);
    return this.operation.finish();
  }

  private noteChange(room: number, user: number): void {
    this.changedRoom = this.table.numberOf(room);
    this.changedUser = user;
  }

  private findUser(name: Name): number {
    this.locks.acquire(this.users.lockOfName(name));
    const user = this.users.find(name);
    this.locks.release();
    return user;
  }
}
