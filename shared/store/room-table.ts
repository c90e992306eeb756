/**
 * Rooms: a hash table by name with chaining, whole buckets to a lock stripe. A room has a number (from 1) that is given
 * once, for records, ids and tables, and a place among the records of the store, which goes to another room when it is
 * gone. Here and in the rest of the store, `room` is the place.
 *
 * A room exists while it has members. Its place, number and name stay while the lock of one of its members' users is
 * held, since leaving takes that lock.
 */
import type { Name } from '../protocol/name';
import type { TextSink } from './block-pool';
import { header } from './header';
import type { Layout } from './layout';
import { lockNumber, roomStripes } from './lock-numbers';
import type { Memory } from './memory';
import type { NameHash } from './name-hash';
import { roomRecord } from './record-words';
import type { Transaction } from './transaction';

const nameWords = roomRecord.owner - roomRecord.name;

export class RoomTable {
  constructor(
    private readonly memory: Memory,
    private readonly layout: Layout,
    private readonly transaction: Transaction,
    private readonly hash: NameHash,
  ) {}

  /** The word where a room's record starts. */
  wordOf(room: number): number {
    return this.layout.rooms + (room - 1) * roomRecord.words;
  }

  /** The lock of the stripe that a name hashes to. */
  lockOfName(name: Name): number {
    return lockNumber.roomStripe + (this.hash.of(name) & (roomStripes - 1));
  }

  /** The lock of a room's stripe. */
  lockOf(room: number): number {
    const hash = this.memory.read(this.wordOf(room) + roomRecord.hash);
    return lockNumber.roomStripe + (hash & (roomStripes - 1));
  }

  /** The room of a name, or 0. The name's lock is held. */
  find(name: Name): number {
    const { memory } = this;
    const hash = this.hash.of(name);
    let room = memory.read(this.bucketWord(hash));
    while (room !== 0) {
      const word = this.wordOf(room);
      if (memory.read(word + roomRecord.hash) === hash && this.hasName(word, name)) return room;
      room = memory.read(word + roomRecord.nextInBucket);
    }
    return 0;
  }

  /**
   * Links a room without members; returns its place, or 0 when the store is full. The locks of the name and of the
   * allocator are held.
   */
  insert(name: Name, number: number, owner: number): number {
    const { memory, transaction } = this;
    const room = this.allocate();
    if (room === 0) return 0;
    const word = this.wordOf(room);
    const hash = this.hash.of(name);
    const bucketWord = this.bucketWord(hash);
    // By its number and its link a free record is known; nothing links to the rest yet: plain writes.
    transaction.set(word + roomRecord.number, number);
    transaction.set(word + roomRecord.nextInBucket, memory.read(bucketWord));
    for (let field: number = roomRecord.owner; field < roomRecord.words; field += 1)
      memory.write(word + field, 0);
    memory.write(word + roomRecord.hash, hash);
    memory.write(word + roomRecord.nameBytes, name.lengthBytes);
    memory.writeWords(word + roomRecord.name, name.words, 0, nameWords);
    memory.write(word + roomRecord.owner, owner);
    transaction.set(bucketWord, room);
    return room;
  }

  /** Unlinks a room that has neither members nor messages. The locks of the room and of the allocator are held. */
  remove(room: number): void {
    const { memory, transaction } = this;
    const word = this.wordOf(room);
    transaction.set(this.linkTo(room), memory.read(word + roomRecord.nextInBucket));
    transaction.set(word + roomRecord.number, 0);
    transaction.set(word + roomRecord.nextInBucket, memory.read(header.roomFree));
    transaction.set(header.roomFree, room);
    transaction.add(header.roomCount, -1);
  }

  /** The number that the next new room gets. The allocator's lock is held. */
  takeNumber(): number {
    const number = this.memory.read(header.lastRoomNumber) + 1;
    this.transaction.set(header.lastRoomNumber, number);
    return number;
  }

  numberOf(room: number): number {
    return this.memory.read(this.wordOf(room) + roomRecord.number);
  }

  ownerOf(room: number): number {
    return this.memory.read(this.wordOf(room) + roomRecord.owner);
  }

  setOwner(room: number, user: number): void {
    this.transaction.set(this.wordOf(room) + roomRecord.owner, user);
  }

  memberCount(room: number): number {
    return this.memory.read(this.wordOf(room) + roomRecord.memberCount);
  }

  /** Without the `#`. */
  nameBytes(room: number): number {
    return this.memory.read(this.wordOf(room) + roomRecord.nameBytes);
  }

  /** Writes the name, without the `#`. */
  copyName(room: number, sink: TextSink): void {
    const word = this.wordOf(room);
    sink.copy(this.memory.view, (word + roomRecord.name) * 4, this.memory.read(word + roomRecord.nameBytes));
  }

  /** Reads the name, without the `#`. */
  readName(room: number, name: Name): void {
    const { memory } = this;
    const word = this.wordOf(room);
    for (let index = 0; index < nameWords; index += 1)
      name.words[index] = memory.read(word + roomRecord.name + index);
    name.lengthBytes = memory.read(word + roomRecord.nameBytes);
  }

  private allocate(): number {
    const { memory, transaction } = this;
    const free = memory.read(header.roomFree);
    if (free !== 0) {
      transaction.set(header.roomFree, memory.read(this.wordOf(free) + roomRecord.nextInBucket));
      transaction.add(header.roomCount, 1);
      return free;
    }
    const fresh = memory.read(header.roomBump) + 1;
    if (fresh > this.layout.roomsMax) return 0;
    transaction.set(header.roomBump, fresh);
    transaction.add(header.roomCount, 1);
    return fresh;
  }

  private bucketWord(hash: number): number {
    return this.layout.roomBuckets + (hash & (this.layout.roomBucketCount - 1));
  }

  /** The word that links to a room in its bucket's chain. */
  private linkTo(room: number): number {
    let link = this.bucketWord(this.memory.read(this.wordOf(room) + roomRecord.hash));
    for (;;) {
      const found = this.memory.read(link);
      if (found === room) return link;
      if (found === 0) throw new Error(`room ${room} is not in the bucket of its name`);
      link = this.wordOf(found) + roomRecord.nextInBucket;
    }
  }

  private hasName(word: number, name: Name): boolean {
    const { memory } = this;
    for (let index = 0; index < nameWords; index += 1)
      if (memory.read(word + roomRecord.name + index) !== name.words[index]) return false;
    return true;
  }
}
