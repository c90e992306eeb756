/**
 * The part of loading a store that makes its rooms: rows of the tables, and records of the journal's rest. Rooms are
 * named by their numbers, as on disk.
 */
import { highWord, type JournalRecord, lowWord } from '../journal/record';
import { Name } from '../protocol/name';
import { header } from './header';
import { LoadError, storeTooSmall } from './load-error';
import type { StoreParts } from './store-parts';
import { StoredText } from './stored-text';

type MemberRecord = Extract<JournalRecord, { kind: `room${string}` }>;

export class RoomLoader {
  /** The places of the rooms that there are, by number. */
  private readonly places = new Map<number, number>();
  private readonly name = new Name();

  constructor(
    private readonly parts: StoreParts,
    private readonly noteSequence: (sequence: number) => void,
  ) {}

  /** A room, whose members follow in order of joining. Its name is without the `#`. */
  room(number: number, name: string, owner: number): void {
    const { locks, rooms, operation } = this.parts;
    if (!this.name.readText(name)) throw new LoadError(`room ${number} has no proper name`, 'DATA_DAMAGED');
    this.noteNumber(number);
    locks.acquire(rooms.lockOfName(this.name));
    const place = rooms.insert(this.name, number, owner);
    if (place === 0) throw storeTooSmall();
    operation.finish();
    this.places.set(number, place);
  }

  /** Notes that this number has been given to a room, which may be gone: it must not be given again. */
  noteNumber(number: number): void {
    const { memory } = this.parts;
    if (number > memory.read(header.lastRoomNumber)) memory.write(header.lastRoomNumber, number);
  }

  member(number: number, user: number, joinedSequence: number): void {
    const { locks, users, rooms, members, operation } = this.parts;
    const place = this.places.get(number);
    this.noteSequence(joinedSequence);
    if (place === undefined || !users.isLive(user) || members.find(user, place) !== 0) return;
    locks.acquire(users.lockOf(user));
    locks.acquire(rooms.lockOf(place));
    const member = members.insert(user, place);
    if (member === 0) throw storeTooSmall();
    members.noteJoined(member, lowWord(joinedSequence), highWord(joinedSequence));
    operation.finish();
  }

  message(number: number, sender: number, sequence: number, atMs: number, escapedText: Uint8Array): void {
    const { locks, blocks, rooms, members, roomChain, operation } = this.parts;
    const place = this.places.get(number);
    this.noteNumber(number);
    if (place === undefined) return;
    const text = StoredText.fromBytes(escapedText);
    if (!blocks.reserve(text.messageBlockCount)) throw storeTooSmall();
    locks.acquire(rooms.lockOf(place));
    const message = roomChain.append(place, sender, text, atMs);
    const senderMember = members.find(sender, place);
    roomChain.number(place, message, senderMember, lowWord(sequence), highWord(sequence));
    operation.finish();
  }

  /** Repeats a change. */
  apply(record: MemberRecord): void {
    switch (record.kind) {
      case 'roomCreated':
        this.room(record.room, record.name, record.user);
        this.member(record.room, record.user, record.sequence);
        return;
      case 'roomJoined':
        this.member(record.room, record.user, record.sequence);
        return;
      case 'roomLeft':
        this.leave(record.room, record.user);
    }
  }

  /** Ends all memberships of a user. */
  leaveAll(user: number): void {
    const { members, rooms } = this.parts;
    for (let member = 0; (member = members.firstOf(user)) !== 0;)
      this.leave(rooms.numberOf(members.roomOf(member)), user);
  }

  private leave(number: number, user: number): void {
    const { locks, users, rooms, members, roomSteps, operation } = this.parts;
    const place = this.places.get(number);
    const member = place === undefined ? 0 : members.find(user, place);
    if (place === undefined || member === 0) return;
    const isLast = rooms.memberCount(place) === 1;
    locks.acquire(users.lockOf(user));
    locks.acquire(rooms.lockOf(place));
    roomSteps.end(member);
    operation.finish();
    if (isLast) this.places.delete(number);
  }
}
