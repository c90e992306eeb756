/**
 * The operations on rooms. As in `Store`, each is linearizable and happens whole or not at all, with one record; the
 * order of its locks stands here.
 */
import type { ErrorCode } from '../protocol/error-codes';
import type { IdempotencyKey } from '../protocol/idempotency-key';
import type { Name } from '../protocol/name';
import type { TextSink } from './block-pool';
import type { StoreParts } from './store-parts';
import type { StoredText } from './stored-text';

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

  constructor(private readonly parts: StoreParts) {}

  /** Makes a user a member of a room; its owner, too, when there was no room of that name. */
  join(user: number, name: Name, nowMs: number): ErrorCode | 'OK' {
    const { locks, users, rooms, members, roomSteps, sequence, journal, operation } = this.parts;
    this.changedUser = 0;
    if (!journal.reserve()) return 'BUSY';
    locks.acquire(users.lockOf(user));
    // Removed since its session was looked up.
    if (!users.isLive(user)) return operation.refuse('BAD_SESSION');
    locks.acquire(rooms.lockOfName(name));
    const found = rooms.find(name);
    if (found !== 0 && members.find(user, found) !== 0) {
      // Whoever joined it may not have waited for the disk.
      journal.awaitPublished();
      return operation.finish();
    }
    const obstacle = members.obstacle(user, found);
    if (obstacle !== undefined) return operation.refuse(obstacle);
    const member = roomSteps.begin(user, found, name);
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
    const { locks, users, rooms, members, journal, operation } = this.parts;
    if (!journal.reserve()) return 'BUSY';
    locks.acquire(users.lockOf(user));
    locks.acquire(rooms.lockOfName(name));
    const room = rooms.find(name);
    if (room === 0) return operation.refuse('NO_SUCH_ROOM');
    const member = members.find(user, room);
    return member === 0 ? operation.refuse('NOT_A_MEMBER') : this.end(member, nowMs);
  }

  /** Ends another user's membership of a room, for the room's owner. */
  remove(owner: number, name: Name, username: Name, nowMs: number): ErrorCode | 'OK' {
    const { locks, users, rooms, members, journal, operation } = this.parts;
    if (!journal.reserve()) return 'BUSY';
    locks.acquire(users.lockOfName(username));
    locks.acquire(rooms.lockOfName(name));
    const room = rooms.find(name);
    if (room === 0) return operation.refuse('NO_SUCH_ROOM');
    if (rooms.ownerOf(room) !== owner) return operation.refuse('FORBIDDEN');
    const user = users.find(username);
    if (user === 0) return operation.refuse('RECIPIENT_NOT_FOUND');
    const member = members.find(user, room);
    return member === 0 ? operation.refuse('NOT_A_MEMBER') : this.end(member, nowMs);
  }

  /** Whether a user is in any room. The user's lock is held. */
  hasAny(user: number): boolean {
    return this.parts.members.firstOf(user) !== 0;
  }

  /** Ends all memberships of a user, one after the other, so that it may be repeated. `BUSY` as everywhere. */
  leaveAll(user: number, nowMs: number): 'OK' | 'BUSY' {
    const { locks, users, rooms, members, journal, operation } = this.parts;
    for (;;) {
      if (!journal.reserve()) return 'BUSY';
      locks.acquire(users.lockOf(user));
      const member = members.firstOf(user);
      if (member === 0) return operation.finish();
      locks.acquire(rooms.lockOf(members.roomOf(member)));
      this.end(member, nowMs);
    }
  }

  /** Sends a message to all members of a room but the sender, who has to be one. With a key, as `Mailbox.send`. */
  send(sender: number, name: Name, text: StoredText, nowMs: number, key?: IdempotencyKey): ErrorCode | 'OK' {
    const { locks, blocks, users, rooms, members, roomChain, posts, sequence, journal, operation } =
      this.parts;
    if (!journal.reserve()) return 'BUSY';
    if (!posts.isNew(sender, key, nowMs)) {
      // The first one may not have reached the disk yet.
      journal.awaitPublished();
      return operation.finish();
    }
    if (!blocks.reserve(text.messageBlockCount)) return operation.refuse('STORE_FULL');
    locks.acquire(users.lockOf(sender));
    locks.acquire(rooms.lockOfName(name));
    const room = rooms.find(name);
    if (room === 0) return operation.refuse('NO_SUCH_ROOM');
    const member = members.find(sender, room);
    if (member === 0) return operation.refuse('NOT_A_MEMBER');
    const message = roomChain.append(room, sender, text, nowMs);
    const receiver = -rooms.numberOf(room);
    if (key !== undefined) posts.remember(receiver);
    // As late as can be: the sequence takes the one lock that all threads share.
    sequence.take();
    roomChain.number(room, message, member, sequence.low, sequence.high);
    posts.note(receiver);
    if (journal.isOn) journal.message(receiver, sender, sequence.low, sequence.high, nowMs, text, key);
    return operation.finish();
  }

  /** Calls `visit` for every room of a user, in order of joining. It must take no lock. */
  forEachRoomOf(user: number, visit: (room: ListedRoom) => void): void {
    const { locks, users, rooms, members } = this.parts;
    locks.acquire(users.lockOf(user));
    members.lockRoomsOf(user);
    for (let member = members.firstOf(user); member !== 0; member = members.nextOfUser(member)) {
      const room = members.roomOf(member);
      visit({
        room,
        number: rooms.numberOf(room),
        owner: rooms.ownerOf(room),
        memberCount: rooms.memberCount(room),
      });
    }
    locks.releaseAll();
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
    const { locks, users, rooms, members, operation } = this.parts;
    const userAfter = after === undefined ? 0 : this.findUser(after);
    locks.acquire(users.lockOf(user));
    locks.acquire(rooms.lockOfName(name));
    const room = rooms.find(name);
    if (room === 0) return operation.refuse('NO_SUCH_ROOM');
    if (members.find(user, room) === 0) return operation.refuse('NOT_A_MEMBER');
    let member = members.firstIn(room);
    if (after !== undefined) {
      while (member !== 0 && members.userOf(member) !== userAfter) member = members.nextOfRoom(member);
      if (member === 0) return operation.refuse('NOT_A_MEMBER');
      member = members.nextOfRoom(member);
    }
    const owner = rooms.ownerOf(room);
    while (member !== 0 && visit(members.userOf(member), members.userOf(member) === owner))
      member = members.nextOfRoom(member);
    locks.releaseAll();
    return 'OK';
  }

  /** The number of a room that a user is in. */
  numberFor(user: number, name: Name): number | ErrorCode {
    const { locks, users, rooms, members, operation } = this.parts;
    locks.acquire(users.lockOf(user));
    locks.acquire(rooms.lockOfName(name));
    const room = rooms.find(name);
    if (room === 0) return operation.refuse('NO_SUCH_ROOM');
    if (members.find(user, room) === 0) return operation.refuse('NOT_A_MEMBER');
    const number = rooms.numberOf(room);
    locks.releaseAll();
    return number;
  }

  /** In bytes, without the `#`. */
  nameBytes(room: number): number {
    return this.parts.rooms.nameBytes(room);
  }

  /** Copies the name, without the `#`, of a room that is being visited or read from. */
  copyName(room: number, sink: TextSink): void {
    this.parts.rooms.copyName(room, sink);
  }

  /** Ends a membership, the locks of whose user and room are held. */
  private end(member: number, nowMs: number): 'OK' {
    const { members, roomSteps, sequence, journal, operation } = this.parts;
    this.noteChange(members.roomOf(member), members.userOf(member));
    roomSteps.end(member);
    sequence.take();
    if (journal.isOn)
      journal.roomLeft(this.changedRoom, this.changedUser, sequence.low, sequence.high, nowMs);
    return operation.finish();
  }

  private noteChange(room: number, user: number): void {
    this.changedRoom = this.parts.rooms.numberOf(room);
    this.changedUser = user;
  }

  private findUser(name: Name): number {
    const { locks, users } = this.parts;
    locks.acquire(users.lockOfName(name));
    const user = users.find(name);
    locks.release();
    return user;
  }
}
