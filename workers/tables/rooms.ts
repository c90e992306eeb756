/**
 * Rooms and who is in them: each record changes its rows at once. They are few beside messages.
 * Everything here runs inside a transaction.
 */
import { findUser } from './accounts';
import { damaged } from './data-error';
import { memberKey, readUint32, roomOfUserKey, userEnd, userKey, userKeyBytes } from './keys';
import {
  type MemberRow,
  readMemberRow,
  readRoomRow,
  type RoomRow,
  writeMemberRow,
  writeRoomRow,
} from './rows';
import { readNewestRoom, type TableSet, writeNewestRoom } from './table-set';

interface Member extends MemberRow {
  readonly user: number;
}

/** The row of a room, tombstones included. Undefined when there never was one of this number. */
export function findRoom({ rooms }: TableSet, room: number): RoomRow | undefined {
  const bytes = rooms.get(userKey(room));
  if (bytes === undefined) return undefined;
  const row = readRoomRow(bytes);
  if (row === undefined) throw damaged(`the row of room ${room} is damaged`);
  return row;
}

/** Undefined when the user is not in the room. */
export function findMember({ members }: TableSet, room: number, user: number): MemberRow | undefined {
  const bytes = members.get(memberKey(room, user));
  if (bytes === undefined) return undefined;
  const row = readMemberRow(bytes);
  if (row === undefined) throw damaged(`the row of a member of room ${room} is damaged`);
  return row;
}

/** The members of a room, in order of number. */
export function* membersOf({ members }: TableSet, room: number): Generator<Member> {
  for (const { key, value } of members.entries({ start: memberKey(room, 0), end: memberKey(room + 1, 0) })) {
    const row = readMemberRow(value);
    if (row === undefined) throw damaged(`the row of a member of room ${room} is damaged`);
    yield { user: readUint32(key, userKeyBytes), ...row };
  }
}

/** The rooms that a user is in, in order of number. */
export function roomsOf({ roomsOfUsers }: TableSet, user: number): number[] {
  const range = { start: roomOfUserKey(user, 0), end: roomOfUserKey(user + 1, 0) };
  return Array.from(roomsOfUsers.keys(range), (key) => readUint32(key, userKeyBytes));
}

export class Rooms {
  /** By room: whether it is live. */
  private readonly known = new Map<number, boolean>();
  /** Rooms that have come to their end, in this transaction. */
  readonly ended: number[] = [];

  constructor(private readonly tables: TableSet) {}

  /** Whether a room is live. @throws `DATA_DAMAGED` when there never was one of this number. */
  isLive(room: number): boolean {
    const known = this.known.get(room);
    if (known !== undefined) return known;
    const isLive = this.require(room).endedSequence === 0;
    this.known.set(room, isLive);
    return isLive;
  }

  create(room: number, user: number, row: Pick<RoomRow, 'name' | 'createdAtMs'>, joined: MemberRow): void {
    const { rooms } = this.tables;
    if (room < 1 || room >= userEnd) throw damaged(`a room of the number ${room} is created`);
    if (room <= readNewestRoom(this.tables)) throw damaged(`room ${room} is created again`);
    rooms.put(userKey(room), writeRoomRow({ ...row, owner: user, endedSequence: 0 }));
    writeNewestRoom(this.tables, room);
    this.known.set(room, true);
    this.join(room, user, joined);
  }

  join(room: number, user: number, joined: MemberRow): void {
    const { members, roomsOfUsers } = this.tables;
    const account = findUser(this.tables, user);
    if (account?.removed !== false) throw damaged(`user ${user} joins room ${room}, and is none`);
    if (!this.isLive(room)) throw damaged(`user ${user} joins room ${room}, which is gone`);
    if (members.has(memberKey(room, user))) throw damaged(`user ${user} joins room ${room} again`);
    members.put(memberKey(room, user), writeMemberRow(joined));
    roomsOfUsers.put(roomOfUserKey(user, room), new Uint8Array(0));
  }

  /**
   * Ends a membership, as of a sequence. The owner's successor is the member of longest standing; a room without
   * members is gone.
   */
  leave(room: number, user: number, sequence: number): void {
    const { rooms, members, roomsOfUsers } = this.tables;
    if (!members.remove(memberKey(room, user)))
      throw damaged(`user ${user} leaves room ${room}, and is not in it`);
    roomsOfUsers.remove(roomOfUserKey(user, room));
    const row = this.require(room);
    if (this.isEmpty(room)) {
      rooms.put(userKey(room), writeRoomRow({ ...row, owner: 0, endedSequence: sequence }));
      this.known.set(room, false);
      this.ended.push(room);
    } else if (row.owner === user) {
      rooms.put(userKey(room), writeRoomRow({ ...row, owner: this.longestStanding(room) }));
    }
  }

  /** Ends all memberships of a user. */
  removeUser(user: number, sequence: number): void {
    for (const room of roomsOf(this.tables, user)) this.leave(room, user, sequence);
  }

  private isEmpty(room: number): boolean {
    const range = { start: memberKey(room, 0), end: memberKey(room + 1, 0), limit: 1 };
    return Array.from(this.tables.members.keys(range)).length === 0;
  }

  private longestStanding(room: number): number {
    let first: Member | undefined;
    for (const member of membersOf(this.tables, room))
      if (first === undefined || member.joinedSequence < first.joinedSequence) first = member;
    return first!.user;
  }

  private require(room: number): RoomRow {
    const row = findRoom(this.tables, room);
    if (row === undefined) throw damaged(`a record speaks of room ${room}, which was never created`);
    return row;
  }
}
