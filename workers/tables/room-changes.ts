/**
 * What one run of records adds to the messages of rooms: gathered by room, written at the end, one entry a message
 * whatever the number of members. What all members have read goes later, see `trim-rooms.ts`.
 */
import { messageField } from '../../shared/journal/record';
import { ChunkWriter, sequenceOf } from './chunk';
import { damaged } from './data-error';
import { roomUnreadKey } from './keys';
import { MessageGroups } from './message-groups';
import type { Rooms } from './rooms';
import type { TableSet } from './table-set';

export class RoomChanges {
  private readonly messages: MessageGroups;

  constructor(
    private readonly tables: TableSet,
    private readonly rooms: Rooms,
    private readonly words: Int32Array,
    /** Word offsets of the run's messages. */
    private readonly offsets: Int32Array,
  ) {
    this.messages = new MessageGroups(offsets.length);
  }

  /** Delivers a message to a room, given by its number in `offsets`. */
  deliver(message: number): void {
    const room = -this.words[this.offsets[message]! + messageField.receiver]!;
    if (!this.rooms.isLive(room)) throw damaged(`a message goes to room ${room}, which is gone`);
    this.messages.add(room, message);
  }

  /** Writes the chunks that have come, and removes those of rooms that have come to their end. */
  write(): void {
    for (const room of this.rooms.ended) removeRoomMessages(this.tables, room);
    const chunk = new ChunkWriter();
    for (const room of this.messages.sortedKeys()) if (this.rooms.isLive(room)) this.writeChunks(room, chunk);
  }

  private writeChunks(room: number, chunk: ChunkWriter): void {
    let message = this.messages.first(room);
    while (message >= 0) {
      let lastSequence = sequenceOf(this.words, this.offsets[message]!);
      chunk.beginUnread(lastSequence);
      while (message >= 0 && chunk.addUnread(this.words, this.offsets[message]!)) {
        lastSequence = sequenceOf(this.words, this.offsets[message]!);
        message = this.messages.after(message);
      }
      if (chunk.count === 0) throw damaged(`a message of room ${room} is longer than a chunk`);
      this.tables.roomUnread.put(roomUnreadKey(room, lastSequence, chunk.count), chunk.bytes());
    }
  }
}

function removeRoomMessages({ roomUnread }: TableSet, room: number): void {
  const keys = Array.from(
    roomUnread.keys({ start: roomUnreadKey(room, 0), end: roomUnreadKey(room + 1, 0) }),
  );
  for (const key of keys) roomUnread.remove(key);
}
