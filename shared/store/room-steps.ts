/**
 * Steps of changing memberships that are the same whether a change happens or is repeated from the journal. The caller
 * holds the locks of user and room and ends the operation; the allocators' locks stay held until then.
 */
import type { Name } from '../protocol/name';
import type { Locks } from './lock';
import { lockNumber } from './lock-numbers';
import type { MemberTable } from './member-table';
import type { RoomChain } from './room-chain';
import type { RoomTable } from './room-table';

export class RoomSteps {
  constructor(
    private readonly locks: Locks,
    private readonly rooms: RoomTable,
    private readonly members: MemberTable,
    private readonly chain: RoomChain,
  ) {}

  /**
   * Makes a user a member of a room, or of a new one (`room` 0) that it owns; returns the membership, or 0 when the
   * store is full. A new room gets the number given, or the next one.
   */
  begin(user: number, room: number, name: Name, number?: number): number {
    this.locks.acquire(lockNumber.roomAllocator);
    const joined = room === 0 ? this.rooms.insert(name, number ?? this.rooms.takeNumber(), user) : room;
    return joined === 0 ? 0 : this.members.insert(user, joined);
  }

  /** Ends a membership; the room, too, when it was the last. An owner leaves it to the member of longest standing. */
  end(member: number): void {
    const { members, rooms } = this;
    const user = members.userOf(member);
    const room = members.roomOf(member);
    this.locks.acquire(lockNumber.roomAllocator);
    members.remove(member);
    const successor = members.firstIn(room);
    if (successor === 0) {
      this.chain.clear(room);
      rooms.remove(room);
    } else if (rooms.ownerOf(room) === user) {
      rooms.setOwner(room, members.userOf(successor));
    }
  }
}
