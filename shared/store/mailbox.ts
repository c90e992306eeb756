/**
 * The operations on messages: how they get into inboxes, and out of them. As in `Store`, each is linearizable and
 * happens whole or not at all; the order of its locks stands here.
 */
import type { ErrorCode } from '../protocol/error-codes';
import type { Name } from '../protocol/name';
import type { BlockPool, TextSink } from './block-pool';
import type { Inbox, InboxReader } from './inbox';
import type { JournalRing } from './journal-ring';
import type { Locks } from './lock';
import type { Operation } from './operation';
import type { Sequence } from './sequence';
import type { StoreParts } from './store-parts';
import type { StoredText } from './stored-text';
import type { UserTable } from './user-table';

export class Mailbox {
  private readonly locks: Locks;
  private readonly blocks: BlockPool;
  private readonly users: UserTable;
  private readonly inbox: Inbox;
  private readonly sequence: Sequence;
  private readonly journal: JournalRing;
  private readonly operation: Operation;

  constructor(parts: StoreParts) {
    this.locks = parts.locks;
    this.blocks = parts.blocks;
    this.users = parts.users;
    this.inbox = parts.inbox;
    this.sequence = parts.sequence;
    this.journal = parts.journal;
    this.operation = parts.operation;
  }

  /** Delivers a message to the inbox of a name. */
  send(sender: number, receiver: Name, text: StoredText, nowMs: number): ErrorCode | 'OK' {
    const { inbox, sequence, journal, operation } = this;
    if (!journal.reserve()) return 'BUSY';
    if (!this.blocks.reserve(text.messageBlockCount)) return 'STORE_FULL';
    this.locks.acquire(this.users.lockOfName(receiver));
    const user = this.users.find(receiver);
    if (user === 0) return operation.refuse('RECIPIENT_NOT_FOUND');
    const firstBlock = inbox.append(user, sender, text, nowMs);
    if (firstBlock === 0) return operation.refuse('INBOX_FULL');
    // As late as can be: the sequence takes the one lock that all threads share.
    sequence.take();
    inbox.number(user, firstBlock, sequence.low, sequence.high);
    if (journal.isOn) journal.message(user, sender, sequence.low, sequence.high, nowMs, text);
    return operation.finish();
  }

  /**
   * Hands the unread messages to `reader` and marks them read, in one step. The one change whose reply does not wait
   * for the disk. `BUSY` when the journal has no room for it.
   */
  take(user: number, reader: InboxReader): ErrorCode | 'OK' {
    const { inbox, journal } = this;
    if (!journal.reserve(true)) return 'BUSY';
    this.locks.acquire(this.users.lockOf(user));
    const count = inbox.take(user, reader);
    if (count > 0 && journal.isOn) journal.read(user, inbox.lastTakenLow, inbox.lastTakenHigh);
    return this.operation.finish();
  }

  /** Copies the text of a message that is being handed over. */
  copyText(firstBlock: number, textBytes: number, sink: TextSink): void {
    this.blocks.copyText(firstBlock, 'message', textBytes, sink);
  }
}
