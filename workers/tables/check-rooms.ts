/** The audit of rooms, of who is in them, and of their messages. */
import type { AuditContext } from './audit-context';
import { readUnreadChunk } from './chunk';
import type { Table } from './environment';
import {
  memberKeyBytes,
  readUint32,
  readUint53,
  roomOfUserKey,
  roomUnreadKeyBytes,
  memberKey,
  userKeyBytes,
} from './keys';
import { readMemberRow, readRoomRow } from './rows';
import { readNewestRoom } from './table-set';

export class RoomAudit {
  /** By number of a room: whether it is live. */
  readonly rooms = new Map<number, boolean>();
  /** By number of a live room: its owner, until that is found among its members. */
  private readonly ownersToFind = new Map<number, number>();
  private readonly names = new Set<string>();

  constructor(private readonly context: AuditContext) {}

  checkRooms(): void {
    const { rooms } = this.context.tables;
    const newest = readNewestRoom(this.context.tables);
    for (const { key, value } of rooms.entries()) {
      const row = key.length === userKeyBytes ? readRoomRow(value) : undefined;
      if (row === undefined) this.context.find('rooms', key, 'is no room’s row');
      else {
        const room = readUint32(key, 0);
        this.rooms.set(room, row.endedSequence === 0);
        if (room > newest) this.context.find('rooms', key, 'has a number that was never given');
        if (row.endedSequence > 0) continue;
        this.ownersToFind.set(room, row.owner);
        if (this.names.has(row.name)) this.context.find('rooms', key, 'has the name of another room');
        this.names.add(row.name);
      }
    }
  }

  checkMembers(): void {
    const { context } = this;
    const { members, roomsOfUsers } = context.tables;
    for (const { key, value } of members.entries()) {
      const row = key.length === memberKeyBytes ? readMemberRow(value) : undefined;
      if (row === undefined) {
        context.find('members', key, 'is no member’s row');
        continue;
      }
      const [room, user] = [readUint32(key, 0), readUint32(key, userKeyBytes)];
      if (this.rooms.get(room) !== true) context.find('members', key, 'is in no room that there is');
      if (context.users.get(user) !== true) context.find('members', key, 'is no live user');
      if (row.joinedSequence > context.sequence) context.find('members', key, 'has joined in the future');
      if (!roomsOfUsers.has(roomOfUserKey(user, room)))
        context.find('rooms-of-users', undefined, `misses room ${room} of user ${user}`);
      if (this.ownersToFind.get(room) === user) this.ownersToFind.delete(room);
    }
    for (const [room, owner] of this.ownersToFind)
      context.find('rooms', undefined, `room ${room} has an owner, user ${owner}, who is not in it`);
    for (const key of roomsOfUsers.keys()) {
      const isKnown =
        key.length === memberKeyBytes &&
        members.has(memberKey(readUint32(key, userKeyBytes), readUint32(key, 0)));
      if (!isKnown) context.find('rooms-of-users', key, 'has a membership that there is not');
    }
  }

  /** Of each room, messages ascend. */
  checkMessages(): void {
    const { context } = this;
    const table: Table = context.tables.roomUnread;
    let [room, sequence] = [0, 0];
    for (const { key, value } of table.entries()) {
      const keyRoom = key.length === roomUnreadKeyBytes ? readUint32(key, 0) : 0;
      const messages = readUnreadChunk(-keyRoom, value);
      const isChunk =
        messages?.at(-1)!.sequence === readUint53(key, userKeyBytes) &&
        messages.length === readUint32(key, roomUnreadKeyBytes - 4);
      if (!isChunk) {
        context.find(table.name, key, 'is no chunk of messages of a room');
        continue;
      }
      if (this.rooms.get(keyRoom) !== true) context.find(table.name, key, 'is of no room that there is');
      if (keyRoom !== room) [room, sequence] = [keyRoom, 0];
      sequence = context.checkOrder(table.name, key, messages, sequence);
      for (const { sender } of messages) context.requireUser(table.name, key, sender);
      context.requireTexts(table.name, key, messages);
    }
  }
}
