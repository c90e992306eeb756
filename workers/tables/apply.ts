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
import { DataError, damaged } from './data-error';
import { HistoryChanges } from './history-changes';
import { InboxChanges } from './inbox-changes';
import { InboxPages } from './inbox-pages';
import { tokenKey } from './keys';
import { readApplied, type TableSet, writeApplied } from './table-set';

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
    new Application(tables, words, from, options).run(applied - from);
    writeApplied(tables, upTo);
  });
}

/** One run of records. Inside a transaction. */
class Application {
  /** Word offsets of the run's messages. */
  private readonly offsets: Int32Array;
  private messageCount = 0;
  private readonly pages: InboxPages;
  private readonly accounts: Accounts;
  private readonly inboxes: InboxChanges;
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
    this.history = new HistoryChanges(tables, words, from, this.offsets);
  }

  /** Applies the records from the word `begin` on, where a record must begin. */
  run(begin: number): void {
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
    this.pages.write();
    this.history.write(this.messageCount, this.options.nowMs);
  }

  /** The one kind that comes by the ten thousand: read in place, without an object. */
  private applyMessage(at: number, length: number): void {
    const textBytes = this.words[at + messageField.textBytes]!;
    const fits = length >= messageField.text && textBytes >= 0 && textBytes <= messageEscapedBytesMax;
    if (!fits || messageField.text + textWords(textBytes) > length) {
      throw this.damagedAt(at, `a message of ${textBytes} bytes in a record of ${length} words`);
    }
    const message = this.messageCount;
    this.messageCount += 1;
    this.offsets[message] = at;
    this.inboxes.deliver(message);
    if (this.options.keepHistory) this.history.add(message);
  }

  private applyOther(at: number): void {
    let record: JournalRecord | undefined;
    try {
      record = readRecord(this.words, at);
    } catch (error) {
      throw this.damagedAt(at, error instanceof Error ? error.message : String(error), error);
    }
    if (record !== undefined) this.applyRecord(record, this.from + at);
  }

  private applyRecord(record: JournalRecord, position: number): void {
    const { accounts, inboxes } = this;
    switch (record.kind) {
      case 'message':
        throw new Error('a message is applied in place');
      case 'read':
        inboxes.read(record.user, record.sequence);
        return;
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
        accounts.openSession(record.token, record.user, record.atSeconds, position);
        return;
      case 'sessionClosed':
        accounts.closeSession(tokenKey(record.token));
        return;
      case 'userRemoved':
        // First the inbox: it looks at the row that the account takes away.
        inboxes.remove(record.user);
        accounts.remove(record.user);
        return;
    }
  }

  private damagedAt(at: number, what: string, cause?: unknown): DataError {
    return damaged(`the journal holds ${what} at position ${this.from + at}`, cause);
  }
}
