/** What the replies of `rooms` and `members` hold. No I/O. */
import { textMember } from './chat-message';
import { badReply, isObject, type Reply } from './reply';

export interface Room {
  /** The room's name, with its `#`. */
  readonly room: string;
  readonly memberCount: number;
  /** The username of the member who may remove others. */
  readonly owner: string;
}

export interface RoomMember {
  readonly user: string;
  /** The display name. */
  readonly name: string;
  readonly isOwner: boolean;
}

/** The rooms of a successful `rooms`. */
export function roomsOf({ members }: Reply): Room[] {
  return objectsIn(members.rooms, 'a list of rooms').map((room) => {
    if (typeof room.members !== 'number') throw badReply('a number of members');
    return { room: textMember(room, 'room'), memberCount: room.members, owner: textMember(room, 'owner') };
  });
}

/** The members of a successful `members`, and whether there are others after them. */
export function membersOf({ members }: Reply): { members: RoomMember[]; more: boolean } {
  const listed = objectsIn(members.members, 'a list of members').map((member) => ({
    user: textMember(member, 'user'),
    name: textMember(member, 'name'),
    isOwner: member.owner === true,
  }));
  return { members: listed, more: members.more === true };
}

function objectsIn(value: unknown, what: string): Record<string, unknown>[] {
  if (!Array.isArray(value) || !value.every(isObject)) throw badReply(what);
  return value;
}
