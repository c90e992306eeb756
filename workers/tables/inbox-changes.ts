/**
 * What one run of records does to inboxes, gathered by user and written at the end. A message that was both delivered
 * and read within the run never becomes a row.
 */
import { messageField } from '../../shared/journal/record';
import { ChunkWriter, sequenceOf } from './chunk';
import { damaged } from './data-error';
import type { InboxPages } from './inbox-pages';
import { readUint32, readUint53, unreadKey, userKey } from './keys';
import { MessageGroups } from './message-groups';
import type { TableSet } from './table-set';

/** Reading all keys of the table is cheaper than a seek a reader up to about so many keys a reader. */
const scannedKeysPerReader = 30;

export class InboxChanges {
  private readonly messages: MessageGroups;
  /** Who has read or was removed within the run, with what had been read before it. */
  private readonly readers = new Map<number, number>();
  private readonly removed = new Set<number>();
  /** By user who got messages within the run: the last before it. */
  private readonly lastBefore = new Map<number, number>();

  constructor(
    private readonly tables: TableSet,
    private readonly pages: InboxPages,
    private readonly words: Int32Array,
    /** Word offsets of the run's messages. */
    private readonly offsets: Int32Array,
  ) {
    this.messages = new MessageGroups(offsets.length);
  }

  /** Delivers a message of the run, given by its number in `offsets`. */
  deliver(message: number): void {
    const receiver = this.words[this.offsets[message]! + messageField.receiver]!;
    const lastSequence = this.pages.lastSequence(receiver);
    // The receiver was removed while the message was on its way.
    if (lastSequence < 0) {
      this.requireTombstone(receiver);
      return;
    }
    this.pages.setLastSequence(receiver, this.sequenceOf(message));
    if (this.messages.add(receiver, message)) this.lastBefore.set(receiver, lastSequence);
  }

  /** Notes that a user has read all up to a sequence. */
  read(user: number, sequence: number): void {
    const readThrough = this.pages.readThrough(user);
    if (readThrough < 0) {
      this.requireTombstone(user);
      return;
    }
    if (sequence <= readThrough) return;
    if (!this.readers.has(user)) this.readers.set(user, readThrough);
    this.pages.setReadThrough(user, sequence);
  }

  /** Drops what a user has not read; to be called when the user is removed. */
  remove(user: number): void {
    this.removed.add(user);
    this.readers.set(user, 0);
  }

  /** Writes the chunks that have come, and removes those that have gone. The counters are the pages' own business. */
  write(): void {
    this.removeFreedChunks();
    const chunk = new ChunkWriter();
    for (const user of this.messages.sortedKeys())
      if (!this.removed.has(user)) this.writeChunks(user, this.pages.readThrough(user), chunk);
  }

  /** A record of a removed user was under way; one of somebody who never was is damage. */
  private requireTombstone(user: number): void {
    if (!this.tables.users.has(userKey(user)))
      throw damaged(`a record speaks of user ${user}, who was never created`);
  }

  private sequenceOf(message: number): number {
    return sequenceOf(this.words, this.offsets[message]!);
  }

  private writeChunks(user: number, readThrough: number, chunk: ChunkWriter): void {
    let message = this.messages.first(user);
    while (message >= 0 && this.sequenceOf(message) <= readThrough) message = this.messages.after(message);
    while (message >= 0) {
      let lastSequence = this.sequenceOf(message);
      chunk.beginUnread(lastSequence);
      while (message >= 0 && chunk.addUnread(this.words, this.offsets[message]!)) {
        lastSequence = this.sequenceOf(message);
        message = this.messages.after(message);
      }
      if (chunk.count === 0) throw damaged(`a message of user ${user} is longer than a chunk`);
      this.tables.unread.put(unreadKey(user, lastSequence), chunk.bytes());
    }
  }

  /** Removes the chunks all of whose messages have been read, or whose receiver has been removed. */
  private removeFreedChunks(): void {
    const { unread } = this.tables;
    const readers = [...this.readers.keys()].filter((user) => this.hadUnread(user));
    if (readers.length === 0) return;
    const keys =
      unread.entryCount() < readers.length * scannedKeysPerReader
        ? Array.from(unread.keys()).filter((key) => this.isFreed(key))
        : readers.flatMap((user) => this.freedKeysOf(user));
    for (const key of keys) unread.remove(key);
  }

  /** Whether a reader had unread messages before the run, and so chunks. */
  private hadUnread(user: number): boolean {
    if (this.removed.has(user)) return true;
    const lastBefore = this.lastBefore.get(user) ?? this.pages.lastSequence(user);
    return lastBefore > this.readers.get(user)!;
  }

  private isFreed(key: Buffer): boolean {
    const user = readUint32(key, 0);
    return (
      this.readers.has(user) && (this.removed.has(user) || readUint53(key, 4) <= this.pages.readThrough(user))
    );
  }

  private freedKeysOf(user: number): Buffer[] {
    const end = this.removed.has(user)
      ? unreadKey(user + 1, 0)
      : unreadKey(user, this.pages.readThrough(user) + 1);
    return Array.from(this.tables.unread.keys({ start: unreadKey(user, 0), end }));
  }
}
