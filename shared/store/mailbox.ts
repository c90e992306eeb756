/**
 * The operations on messages: how they get into inboxes, and out of them. As in `Store`, each is linearizable and
 * happens whole or not at all; the order of its locks stands here.
 */
import { highWord, joinWords, lowWord } from '../journal/record';
import type { ErrorCode } from '../protocol/error-codes';
import type { IdempotencyKey } from '../protocol/idempotency-key';
import type { MessageId } from '../protocol/message-id';
import type { Name } from '../protocol/name';
import type { TextSink } from './block-pool';
import { lockNumber } from './lock-numbers';
import type { InboxReader, MessageReader } from './message-readers';
import type { StoreParts } from './store-parts';
import type { StoredText } from './stored-text';

export class Mailbox {
  /** The sequence of the newest message that `take` handed over last; 0 when there was none. */
  lastTaken = 0;
  /** …and whom it was sent to: the user, or a room as its negative number. */
  lastTakenReceiver = 0;

  constructor(private readonly parts: StoreParts) {}

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
    const { locks, blocks, users, inbox, posts, sequence, journal, operation, contacts } = this.parts;
    if (!journal.reserve()) return 'BUSY';
    if (!posts.isNew(sender, key, nowMs)) {
      // The first one may not have reached the disk yet.
      journal.awaitPublished();
      return operation.finish();
    }
    if (!blocks.reserve(text.messageBlockCount)) return operation.refuse('STORE_FULL');
    locks.acquire(users.lockOfName(receiver));
    const user = users.find(receiver);
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
    contacts.note(user, sender);
    return 'OK';
  }

  /**
   * Hands the unread messages to `reader` and marks them read, in one step. The one change whose reply does not wait
   * for the disk. `BUSY` when the journal has no room for it.
   */
  take(user: number, reader: InboxReader): ErrorCode | 'OK' {
    const { locks, users, members, inbox, journal, operation } = this.parts;
    if (!journal.reserve(true)) return 'BUSY';
    locks.acquire(users.lockOf(user));
    members.lockRoomsOf(user);
    const count = inbox.take(user, reader);
    this.lastTaken = count === 0 ? 0 : joinWords(inbox.lastTakenLow, inbox.lastTakenHigh);
    this.lastTakenReceiver = inbox.lastTakenReceiver;
    if (count > 0 && journal.isOn) journal.read(user, inbox.lastTakenLow, inbox.lastTakenHigh, false);
    return operation.finish();
  }

  /**
   * Shows the oldest unread messages, at most so many, and leaves them unread; returns whether there are more. What is
   * shown is on disk when the reply leaves, so that its id means the same after a crash; unless the disk fails, when
   * reading goes on all the same.
   */
  fetch(user: number, messagesMax: number, reader: MessageReader): boolean {
    const { locks, users, members, inbox, journal } = this.parts;
    locks.acquire(users.lockOf(user));
    members.lockRoomsOf(user);
    const hasMore = inbox.show(user, messagesMax, reader);
    locks.releaseAll();
    if (!journal.isFailing) journal.awaitPublished();
    return hasMore;
  }

  /**
   * Marks read everything up to and including a message. `OK` too when it is read already; `NO_SUCH_MESSAGE` when it
   * was never this user's, or is of a room that the user is not in.
   */
  acknowledge(user: number, { sequence, receiver }: MessageId): ErrorCode | 'OK' {
    const { locks, users, members, roomChain, inbox, journal, operation } = this.parts;
    if (receiver > 0 && receiver !== user) return 'NO_SUCH_MESSAGE';
    if (!journal.reserve()) return 'BUSY';
    locks.acquire(users.lockOf(user));
    members.lockRoomsOf(user);
    const isOfRoom = receiver < 0;
    const isPossible = isOfRoom
      ? roomChain.mayHave(members.findByNumber(user, -receiver), sequence)
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

  /**
   * The sequence of the last change that has committed: everything up to it is found by who looks from now on. One that
   * is seen without the ring's lock may be taken back with the thread that took it, and given to another message.
   */
  committedSequence(): number {
    const { locks, subscriptions } = this.parts;
    locks.acquire(lockNumber.ring);
    const { sequence } = subscriptions;
    locks.release();
    return sequence;
  }

  /** Copies the text of a message that is being handed over. */
  copyText(firstBlock: number, textBytes: number, sink: TextSink): void {
    this.parts.blocks.copyText(firstBlock, 'message', textBytes, sink);
  }
}
