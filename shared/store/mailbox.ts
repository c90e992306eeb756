/**
 * The operations on messages: how they get into inboxes, and out of them. As in `Store`, each is linearizable and
 * happens whole or not at all; the order of its locks stands here.
 */
import { highWord, joinWords, lowWord } from '../journal/record';
import type { ErrorCode } from '../protocol/error-codes';
import type { IdempotencyKey } from '../protocol/idempotency-key';
import type { MessageId } from '../protocol/message-id';
import type { Name } from '../protocol/name';
import type { BlockPool, TextSink } from './block-pool';
import type { Contacts } from './contacts';
import type { Inbox } from './inbox';
import type { JournalRing } from './journal-ring';
import type { Locks } from './lock';
import type { MemberTable } from './member-table';
import type { InboxReader, MessageReader } from './message-readers';
import type { Operation } from './operation';
import type { PostKeys } from './post-keys';
import type { RoomChain } from './room-chain';
import type { Sequence } from './sequence';
import type { StoreParts } from './store-parts';
import type { StoredText } from './stored-text';
import type { UserTable } from './user-table';

export class Mailbox {
  /** The sequence of the newest message that `take` handed over last; 0 when there was none. */
  lastTaken = 0;
  /** …and whom it was sent to: the user, or a room as its negative number. */
  lastTakenReceiver = 0;
  private readonly contacts: Contacts;
  private readonly locks: Locks;
  private readonly blocks: BlockPool;
  private readonly users: UserTable;
  private readonly members: MemberTable;
  private readonly roomChain: RoomChain;
  private readonly inbox: Inbox;
  private readonly posts: PostKeys;
  private readonly sequence: Sequence;
  private readonly journal: JournalRing;
  private readonly operation: Operation;

  constructor(parts: StoreParts) {
    this.contacts = parts.contacts;
    this.locks = parts.locks;
    this.blocks = parts.blocks;
    this.users = parts.users;
    this.members = parts.members;
    this.roomChain = parts.roomChain;
    this.inbox = parts.inbox;
    this.posts = parts.posts;
    this.sequence = parts.sequence;
    this.journal = parts.journal;
    this.operation = parts.operation;
  }

  /**
   * Delivers a message to the inbox of a name, unless the sender has sent one with the same key in the last 24 hours: then
   * that is the one delivered, whatever this one says. See `PostKeys` for which it was.
   */
  send(
    sender: number,
    receiver: Name,
    text: StoredText,
    nowMs: number,
    key?: IdempotencyKey,
  ): ErrorCode | 'OK' {
    const { inbox, posts, sequence, journal, operation } = this;
    if (!journal.reserve()) return 'BUSY';
    if (!posts.isNew(sender, key, nowMs)) {
      // The first one may not have reached the disk yet.
      journal.awaitPublished();
      return operation.finish();
    }
    if (!this.blocks.reserve(text.messageBlockCount)) return operation.refuse('STORE_FULL');
    this.locks.acquire(this.users.lockOfName(receiver));
    const user = this.users.find(receiver);
    if (user === 0) return operation.refuse('RECIPIENT_NOT_FOUND');
    const firstBlock = inbox.append(user, sender, text, nowMs);
    if (firstBlock === 0) return operation.refuse('INBOX_FULL');
    if (key !== undefined) posts.remember(user);
    // As late as can be: the sequence takes the one lock that all threads share.
    sequence.take();
    inbox.number(user, firstBlock, sequence.low, sequence.high);
    posts.note(user);
    if (journal.isOn) journal.message(user, sender, sequence.low, sequence.high, nowMs, text, key);
    operation.finish();
    this.contacts.note(user, sender);
    return 'OK';
  }

  /**
   * Hands the unread messages to `reader` and marks them read, in one step. The one change whose reply does not wait
   * for the disk. `BUSY` when the journal has no room for it.
   */
  take(user: number, reader: InboxReader): ErrorCode | 'OK' {
    const { inbox, journal } = this;
    if (!journal.reserve(true)) return 'BUSY';
    this.locks.acquire(this.users.lockOf(user));
    this.members.lockRoomsOf(user);
    const count = inbox.take(user, reader);
    this.lastTaken = count === 0 ? 0 : joinWords(inbox.lastTakenLow, inbox.lastTakenHigh);
    this.lastTakenReceiver = inbox.lastTakenReceiver;
    if (count > 0 && journal.isOn) journal.read(user, inbox.lastTakenLow, inbox.lastTakenHigh, false);
    return this.operation.finish();
  }

  /**
   * Shows the oldest unread messages, at most so many, and leaves them unread; returns whether there are more. What is
   * shown is on disk when the reply leaves, so that its id means the same after a crash; unless the disk fails, when
   * reading goes on all the same.
   */
  fetch(user: number, messagesMax: number, reader: MessageReader): boolean {
    this.locks.acquire(this.users.lockOf(user));
    this.members.lockRoomsOf(user);
    const hasMore = this.inbox.show(user, messagesMax, reader);
    this.locks.releaseAll();
    if (!this.journal.isFailing) this.journal.awaitPublished();
    return hasMore;
  }

  /**
   * Marks read everything up to and including a message. `OK` too when it is read already; `NO_SUCH_MESSAGE` when it
   * was never this user's, or is of a room that the user is not in.
   */
  acknowledge(user: number, { sequence, receiver }: MessageId): ErrorCode | 'OK' {
    const { inbox, journal, operation } = this;
    if (receiver > 0 && receiver !== user) return 'NO_SUCH_MESSAGE';
    if (!journal.reserve()) return 'BUSY';
    this.locks.acquire(this.users.lockOf(user));
    this.members.lockRoomsOf(user);
    const isOfRoom = receiver < 0;
    const isPossible = isOfRoom
      ? this.roomChain.mayHave(this.members.findByNumber(user, -receiver), sequence)
      : sequence <= inbox.newestSequence(user);
    if (!isPossible) return operation.refuse('NO_SUCH_MESSAGE');
    if (sequence <= inbox.readThrough(user)) {
      // Whoever has read it may not have waited for the disk.
      journal.awaitPublished();
      return operation.finish();
    }
    if (inbox.markRead(user, sequence) !== sequence && !isOfRoom) return operation.refuse('NO_SUCH_MESSAGE');
    if (journal.isOn) journal.read(user, lowWord(sequence), highWord(sequence), true);
    return operation.finish();
  }

  /** Copies the text of a message that is being handed over. */
  copyText(firstBlock: number, textBytes: number, sink: TextSink): void {
    this.blocks.copyText(firstBlock, 'message', textBytes, sink);
  }
}
