/**
 * The tables of a data directory: what the journal says, brought into a form that can be loaded, searched and trimmed.
 *
 * One thread at a time writes; any number of processes read. `applied` says up to which position of the journal the
 * tables are current, and changes in the same transaction as what was applied: whatever happens in between, applying
 * the journal from `applied` on leads to the same tables.
 */
import { findUser } from './accounts';
import { applyRecords } from './apply';
import { checkTables, type Finding } from './check';
import type { PostedKey, UnreadMessage } from './chunk';
import { damaged } from './data-error';
import { Environment, isDamage } from './environment';
import { expireSessions } from './expire-sessions';
import { type ExportLine, exportUser } from './export-user';
import { expireHistory, type HistoryPage, type PageQuery, readHistoryPage } from './history';
import {
  type LoadedMember,
  type LoadedRoom,
  type LoadedSession,
  type LoadedUser,
  loadMembers,
  loadRoomMessages,
  loadRooms,
  loadSessions,
  loadUnread,
  loadUsers,
} from './load';
import { expirePostedKeys, loadPostedKeys, type PostedKeysLimit } from './posted-keys';
import { findRoom, roomsOf } from './rooms';
import type { RoomRow, UserRow } from './rows';
import { searchHistory, type SearchQuery, type SearchResult } from './search';
import { openTableSet, readApplied, readNewestRoom, readSequence, type TableSet } from './table-set';
import { forgetRooms, trimRooms } from './trim-rooms';

export interface TablesOptions {
  /** For another process than the one that writes: backup, check and export. */
  readonly readOnly?: boolean;
  /** Another thread of this process has the tables open to write, and this one only reads. */
  readonly isBesideWriter?: boolean;
  /** Whether messages go to history. True unless said otherwise. */
  readonly keepHistory?: boolean;
}

const expiredChunksMax = 10_000;
const expiredSessionsMax = 10_000;
const expiredKeyChunksMax = 1_000;
const forgottenRoomsMax = 10_000;

export class Tables {
  private constructor(
    private readonly set: TableSet,
    private readonly keepHistory: boolean,
  ) {}

  /**
   * Opens the tables in a folder; makes them unless `readOnly`.
   * @throws `DATA_MISSING`, `DATA_FORMAT_UNKNOWN`, `DATA_DAMAGED`
   */
  static async open(folder: string, options: TablesOptions = {}): Promise<Tables> {
    const { isBesideWriter = false } = options;
    const environment = Environment.open(
      folder,
      (options.readOnly ?? false) || isBesideWriter,
      isBesideWriter,
    );
    try {
      const set = openTableSet(environment);
      readApplied(set);
      readSequence(set);
      const findings = environment.wasShort ? checkTables(set) : [];
      if (findings.length > 0) throw damaged(`the data has lost its end: ${findings[0]!.message}`);
      return new Tables(set, options.keepHistory ?? true);
    } catch (error) {
      await environment.close();
      throw isDamage(error) ? damaged(`the data in ${folder} is damaged: ${String(error)}`, error) : error;
    }
  }

  /** The position of the journal, in words, up to which the tables are current and before which it may be trimmed. */
  get applied(): number {
    return readApplied(this.set);
  }

  /**
   * Applies a run of whole journal records that ends at the position `upTo`; returns when all of it is on disk.
   * What had been applied before is passed over. The larger the run, the less a message costs: 1 to 16 MiB are good.
   * @throws `DATA_GAP`, `DATA_DAMAGED`, `DATA_WRITE_FAILED`; nothing has changed then.
   */
  apply(words: Int32Array, upTo: number, nowMs: number): void {
    applyRecords(this.set, words, upTo, { keepHistory: this.keepHistory, nowMs });
  }

  /** The newest sequence that any record applied has taken; 0 when none has. */
  get sequence(): number {
    return readSequence(this.set);
  }

  /** The newest number that was ever given to a room; 0 when none was. */
  get newestRoom(): number {
    return readNewestRoom(this.set);
  }

  /** All users ever, tombstones included, in order of number; numbers may be missing. */
  users(): Generator<LoadedUser> {
    return loadUsers(this.set);
  }

  sessions(): Generator<LoadedSession> {
    return loadSessions(this.set);
  }

  /** All unread messages, or those of one user: by receiver, in order of sequence. */
  unread(receiver?: number): Generator<UnreadMessage> {
    return loadUnread(this.set, receiver);
  }

  /** All rooms, in order of number. */
  rooms(): Generator<LoadedRoom> {
    return loadRooms(this.set);
  }

  /** Who is in which room, by room and user. */
  members(): Generator<LoadedMember> {
    return loadMembers(this.set);
  }

  /** The messages of rooms that not all members have read: by room, in order of sequence. */
  roomMessages(): Generator<UnreadMessage> {
    return loadRoomMessages(this.set);
  }

  /** The idempotency keys of posts, the newest first. */
  postedKeys(): Generator<PostedKey> {
    return loadPostedKeys(this.set);
  }

  /** The newest messages of a conversation before a sequence (of a message on an earlier page). */
  historyPage(query: PageQuery): HistoryPage {
    return readHistoryPage(this.set, query);
  }

  /** The most recent messages of a user that hold all of some words. */
  search(query: SearchQuery): SearchResult {
    return searchHistory(this.set, query);
  }

  /** A user ever created, tombstones included. */
  user(user: number): UserRow | undefined {
    return findUser(this.set, user);
  }

  /** A room ever created, tombstones included. */
  room(room: number): RoomRow | undefined {
    return findRoom(this.set, room);
  }

  /** The rooms that a user is in. */
  roomsOf(user: number): number[] {
    return roomsOf(this.set, user);
  }

  /** What is read from here on is as of now: another thread may have written since. */
  refresh(): void {
    this.set.environment.refresh();
  }

  /**
   * Forgets history whose partition holds nothing newer than `beforeMs`: at most a day later than its own age asks.
   * Returns how many chunks went; call again until that is 0.
   */
  expireHistory(beforeMs: number, chunksMax = expiredChunksMax): number {
    return expireHistory(this.set, beforeMs, chunksMax);
  }

  /** Removes sessions opened before a time. Returns how many went; call again until that is 0. */
  expireSessions(openedBeforeSeconds: number, sessionsMax = expiredSessionsMax): number {
    return expireSessions(this.set, openedBeforeSeconds, sessionsMax);
  }

  /**
   * Forgets messages of rooms that all members have read, and those before the newest `messagesMax` of their room.
   * Returns how many chunks went.
   */
  trimRooms(messagesMax: number): number {
    return trimRooms(this.set, messagesMax);
  }

  /** Forgets rooms without members of which history has nothing any more. Returns how many went. */
  forgetRooms(roomsMax = forgottenRoomsMax): number {
    return forgetRooms(this.set, roomsMax);
  }

  /** Forgets idempotency keys. Returns how many chunks of them went; call again until that is 0. */
  expirePostedKeys(limit: PostedKeysLimit, chunksMax = expiredKeyChunksMax): number {
    return expirePostedKeys(this.set, limit, chunksMax);
  }

  /** Lets go of what dead processes were reading, which keeps the file from using its pages again. */
  forgetDeadReaders(): void {
    this.set.environment.forgetDeadReaders();
  }

  /**
   * Copies the tables, as of one moment, while they are being written to; returns when the copy is on disk.
   * @throws `DATA_EXISTS` when the target holds data already.
   */
  async backup(targetFolder: string): Promise<void> {
    await this.set.environment.backup(targetFolder);
  }

  /** Audits everything. Empty when all is well; at most so many findings as `checkTables` says. */
  check(): Finding[] {
    return checkTables(this.set);
  }

  /** One user's data, for JSON lines; nothing when no live user has this (folded) name. */
  exportUser(username: string): AsyncGenerator<ExportLine> {
    return exportUser(this.set, username);
  }

  async close(): Promise<void> {
    await this.set.environment.close();
  }
}
