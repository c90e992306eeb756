/** Whom the store hands messages over to, or shows them, while the locks of the inbox and of its rooms are held. */
import { Name } from '../protocol/name';

/**
 * What is done with the messages that `take` hands over, in two passes: choose in order of arrival, write by sender.
 * `room` is where a message was sent to; 0 for one to the user alone.
 */
export interface InboxReader {
  /** Whether this message is taken too. Once one is not, none after it is. */
  accepts(sender: number, textBytes: number, isFirstOfSender: boolean, room: number): boolean;
  /** Begins the messages of one sender. */
  sender(sender: number): void;
  /** The next message of that sender; its text is copied with `BlockPool.copyText`. */
  message(firstBlock: number, textBytes: number, room: number): void;
}

/** A message as `show` shows it: one object, filled anew for each. */
export class StoredMessage {
  sequence = 0;
  sender = 0;
  /** The user itself, or a room as its negative number; then `room` is that room's name. */
  receiver = 0;
  readonly room = new Name();
  atMs = 0;
  /** Its text is copied with `Mailbox.copyText`. */
  firstBlock = 0;
  textBytes = 0;
}

export interface MessageReader {
  /** Takes a message; false when it has no room for it. Then none is shown after it. */
  message(message: StoredMessage): boolean;
}
