/**
 * Brings the tables up to date with a run of journal records, in one transaction: parsed in order, gathered by key,
 * written in order of the keys.
 */
import {
  type JournalRecord,
  messageField,
  readRecord,
  recordKind,
  recordVersion,
  textWords,
} from '../../shared/journal/record';
import { messageEscapedBytesMax } from '../../shared/protocol/limits';
import { Accounts } from './accounts';
import { sequenceOf } from './chunk';
import { DataError, damaged } from './data-error';
import { HistoryChanges } from './history-changes';
import { InboxChanges } from './inbox-changes';
import { InboxPages } from './inbox-pages';
import { tokenKey } from './keys';
import { PostedKeyChanges } from './posted-keys';
import { RoomChanges } from './room-changes';
import { Rooms } from './rooms';
import { readApplied, readSequence, type TableSet, writeProgress } from './table-set';

const messageKindAndVersion = recordKind.message | (recordVersion << 8);

export interface ApplyOptions {
  /** Whether messages go to history. */
  readonly keepHistory: boolean;
  readonly nowMs: number;
}

/**
 * Applies the records in `words`, which end at the position `upTo`. What has been applied before is passed over.
 * @throws `DATA_GAP`, `DATA_DAMAGED`, `DATA_WRITE_FAILED`; nothing has changed then.
 */
export function applyRecords(tables: TableSet, words: Int32Array, upTo: number, options: ApplyOptions): void {
  const from = upTo - words.length;
  const applied = readApplied(tables);
  if (upTo <= applied) return;
  if (from > applied) {
    throw new DataError('DATA_GAP', `the tables are current up to ${applied}, the records begin at ${from}`);
  }
  tables.environment.write(() => {
    const sequence = new Application(tables, words, from, options).run(applied - from);
    writeProgress(tables, upTo, sequence);
  });
}

/** One run of records. Inside a transaction. */
class Application {
  /** Word offsets of the run's messages. */
  private readonly offsets: Int32Array;
  private messageCount = 0;
  /** The newest so far: from record to record sequences ascend. */
  private sequence: number;
  private readonly pages: InboxPages;
  private readonly accounts: Accounts;
  private readonly inboxes: InboxChanges;
  private readonly rooms: Rooms;
  private readonly roomMessages: RoomChanges;
  private readonly postedKeys: PostedKeyChanges;
  private readonly history: HistoryChanges;

  constructor(
    tables: TableSet,
    private readonly words: Int32Array,
    private readonly from: number,
    private readonly options: ApplyOptions,
  ) {
    this.offsets = new Int32Array(Math.ceil(words.length / messageField.text));
    this.pages = new InboxPages(tables);
    this.accounts = new Accounts(tables, this.pages);
    this.inboxes = new InboxChanges(tables, this.pages, words, this.offsets);
    this.rooms = new Rooms(tables);
    this.roomMessages = new RoomChanges(tables, this.rooms, words, this.offsets);
    this.postedKeys = new PostedKeyChanges(tables, words);
    this.sequence = readSequence(tables);
    this.history = new HistoryChanges(tables, words, this.offsets);
  }

  /** Applies the records from the word `begin` on, where a record must begin. Returns the newest sequence. */
  run(begin: number): number {
    const { words } = this;
    let at = 0;
    while (at < words.length) {
      const length = words[at]!;
      if (length < 1 || at + length > words.length) throw this.damagedAt(at, `a record of ${length} words`);
      if (at < begin && at + length > begin) throw this.damagedAt(at, 'a record applied in part');
      // A filler may be its length word alone.
      if (at >= begin && length > 1) {
        if (words[at + 1] === messageKindAndVersion) this.applyMessage(at, length);
        else this.applyOther(at);
      }
      at += length;
    }
    this.inboxes.write();
    this.roomMessages.write();
    this.postedKeys.write();
    this.pages.write();
    this.history.write(this.messageCount, this.options.nowMs);
    return this.sequence;
  }

  /** The one kind that comes by the ten thousand: read in place, without an object. */
  private applyMessage(at: number, length: number): void {
    const { words } = this;
    const textBytes = words[at + messageField.textBytes]!;
    const keyBytes = words[at + messageField.keyBytes]!;
    const fits = length >= messageField.text && textBytes >= 0 && textBytes <= messageEscapedBytesMax;
    if (!fits || keyBytes < 0 || messageField.text + textWords(textBytes) + textWords(keyBytes) > length) {
      throw this.damagedAt(
        at,
        `a message of ${textBytes} and ${keyBytes} bytes in a record of ${length} words`,
      );
    }
    this.follow(sequenceOf(words, at), at);
    const message = this.messageCount;
    this.messageCount += 1;
    this.offsets[message] = at;
    if (words[at + messageField.receiver]! < 0) this.roomMessages.deliver(message);
    else this.inboxes.deliver(message);
    if (keyBytes > 0) this.postedKeys.add(at);
    if (this.options.keepHistory) this.history.add(message);
  }

  private applyOther(at: number): void {
    let record: JournalRecord | undefined;
    try {
      record = readRecord(this.words, at);
    } catch (error) {
      throw this.damagedAt(at, error instanceof Error ? error.message : String(error), error);
    }
    if (record !== undefined) this.applyRecord(record, at);
  }

  /** Notes the sequence that the record at a word offset has taken. */
  private follow(sequence: number, at: number): void {
    if (sequence <= this.sequence) throw this.damagedAt(at, `sequence ${sequence} after ${this.sequence}`);
    this.sequence = sequence;
  }

  private applyRecord(record: JournalRecord, at: number): void {
    const { accounts, inboxes, rooms } = this;
    switch (record.kind) {
      case 'message':
        throw new Error('a message is applied in place');
      case 'read': {
        const { user, sequence } = record;
        if (sequence > this.sequence) throw this.damagedAt(at, `a read of ${sequence}, which has not come`);
        inboxes.read(user, sequence);
        return;
      }
      case 'userCreated': {
        const { username, displayName, passwordHash } = record;
        accounts.create(record.user, { username, displayName, passwordHash, createdAtMs: record.atMs });
        return;
      }
      case 'passwordChanged':
        accounts.setPassword(record.user, record.passwordHash);
        accounts.endSessions(record.user, record.keptToken);
        return;
      case 'passwordRenewed':
        accounts.setPassword(record.user, record.passwordHash);
        return;
      case 'sessionOpened':
        accounts.openSession(record.token, record.user, record.atSeconds, this.from + at);
        return;
      case 'sessionClosed':
        accounts.closeSession(tokenKey(record.token));
        return;
      case 'userRemoved':
        // First the inbox: it looks at the row that the account takes away.
        inboxes.remove(record.user);
        rooms.removeUser(record.user, this.sequence);
        accounts.remove(record.user);
        return;
      case 'roomCreated':
      case 'roomJoined':
      case 'roomLeft':
        this.follow(record.sequence, at);
        this.applyToRoom(record);
    }
  }

  private applyToRoom(record: Extract<JournalRecord, { kind: `room${string}` }>): void {
    const { room, user, sequence, atMs } = record;
    const joined = { joinedSequence: sequence, joinedAtMs: atMs };
    if (record.kind === 'roomCreated')
      this.rooms.create(room, user, { name: record.name, createdAtMs: atMs }, joined);
    else if (record.kind === 'roomJoined') this.rooms.join(room, user, joined);
    else this.rooms.leave(room, user, sequence);
  }

  private damagedAt(at: number, what: string, cause?: unknown): DataError {
    return damaged(`the journal holds ${what} at position ${this.from + at}`, cause);
  }
}
