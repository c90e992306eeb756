/** What the tables promise of rooms, as plain JavaScript. */
import type { JournalRecord } from '../../shared/journal/record';
import type { ModelUnread } from './table-model';

export interface ModelRoom {
  readonly room: number;
  readonly name: string;
  owner: number;
  readonly createdAtMs: number;
  /** In order of joining. */
  members: { readonly user: number; readonly joinedSequence: number; readonly joinedAtMs: number }[];
}

export class RoomModel {
  readonly live = new Map<number, ModelRoom>();
  private unread: ModelUnread[] = [];
  newestRoom = 0;

  constructor(private readonly readThrough: (user: number) => number) {}

  apply(record: Extract<JournalRecord, { kind: `room${string}` }>): void {
    const { room, user, sequence, atMs } = record;
    if (record.kind === 'roomCreated') {
      this.live.set(room, { room, name: record.name, owner: user, createdAtMs: atMs, members: [] });
      this.newestRoom = Math.max(this.newestRoom, room);
    }
    if (record.kind === 'roomLeft') this.leave(room, user);
    else this.live.get(room)!.members.push({ user, joinedSequence: sequence, joinedAtMs: atMs });
  }

  deliver(message: ModelUnread): void {
    this.unread.push(message);
  }

  removeUser(user: number): void {
    for (const { room } of this.roomsOf(user)) this.leave(room, user);
  }

  roomsOf(user: number): ModelRoom[] {
    return this.rooms().filter(({ members }) => members.some((member) => member.user === user));
  }

  /** By number. */
  rooms(): ModelRoom[] {
    return [...this.live.values()]
      .sort((a, b) => a.room - b.room)
      .map((room) => ({ ...room, members: [...room.members] }));
  }

  /** Those that some member has not read, by room. */
  messages(): ModelUnread[] {
    return this.rooms().flatMap(({ room, members }) => {
      const isRead = Math.min(
        ...members.map(({ user, joinedSequence }) => Math.max(joinedSequence, this.readThrough(user))),
      );
      return this.unread.filter(({ receiver, sequence }) => receiver === -room && sequence > isRead);
    });
  }

  private leave(room: number, user: number): void {
    const left = this.live.get(room)!;
    left.members = left.members.filter((member) => member.user !== user);
    if (left.members.length > 0) {
      if (left.owner === user) left.owner = left.members[0]!.user;
      return;
    }
    this.live.delete(room);
    this.unread = this.unread.filter(({ receiver }) => receiver !== -room);
  }
}
