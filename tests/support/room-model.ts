/** What the tables promise of rooms, as plain JavaScript. */
import type { JournalRecord } from '../../shared/journal/record';

export interface ModelUnread {
  /** A room as its negative number. */
  readonly receiver: number;
  readonly sender: number;
  readonly sequence: number;
  readonly atMs: number;
  readonly text: string;
}

export interface ModelRoom {
  readonly room: number;
  readonly name: string;
  owner: number;
  readonly createdAtMs: number;
}

export interface ModelMember {
  readonly room: number;
  readonly user: number;
  readonly joinedSequence: number;
  readonly joinedAtMs: number;
}

export class RoomModel {
  private readonly live = new Map<number, ModelRoom>();
  /** In order of joining. */
  private joined: ModelMember[] = [];
  private unread: ModelUnread[] = [];
  newestRoom = 0;

  constructor(private readonly readThrough: (user: number) => number) {}

  apply(record: Extract<JournalRecord, { kind: `room${string}` }>): void {
    const { room, user, sequence, atMs } = record;
    if (record.kind === 'roomCreated') {
      this.live.set(room, { room, name: record.name, owner: user, createdAtMs: atMs });
      this.newestRoom = room;
    }
    if (record.kind === 'roomLeft') this.leave(room, user);
    else this.joined.push({ room, user, joinedSequence: sequence, joinedAtMs: atMs });
  }

  deliver(message: ModelUnread): void {
    this.unread.push(message);
  }

  removeUser(user: number): void {
    for (const room of this.roomsOf(user)) this.leave(room, user);
  }

  roomsOf(user: number): number[] {
    return this.joined.filter((member) => member.user === user).map(({ room }) => room);
  }

  /** By number. */
  rooms(): ModelRoom[] {
    return [...this.live.values()].sort((a, b) => a.room - b.room).map((room) => ({ ...room }));
  }

  /** By room and user. */
  members(): ModelMember[] {
    return [...this.joined].sort((a, b) => a.room - b.room || a.user - b.user);
  }

  /** Those that some member has not read, by room. */
  messages(): ModelUnread[] {
    return this.rooms().flatMap(({ room }) => {
      const read = this.membersOf(room).map(({ user, joinedSequence }) =>
        Math.max(joinedSequence, this.readThrough(user)),
      );
      const isRead = Math.min(...read);
      return this.unread.filter(({ receiver, sequence }) => receiver === -room && sequence > isRead);
    });
  }

  private membersOf(room: number): ModelMember[] {
    return this.joined.filter((member) => member.room === room);
  }

  private leave(room: number, user: number): void {
    this.joined = this.joined.filter((member) => member.room !== room || member.user !== user);
    const [successor] = this.membersOf(room);
    if (successor === undefined) {
      this.live.delete(room);
      this.unread = this.unread.filter(({ receiver }) => receiver !== -room);
    } else if (this.live.get(room)!.owner === user) {
      this.live.get(room)!.owner = successor.user;
    }
  }
}
