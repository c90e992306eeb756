/**
 * Reads what a subscriber has not been sent yet, as finished frames. See `server/live/`.
 */
import type { CatchUpTask, CaughtUp } from '../shared/batch/tasks';
import { ReplyWriter } from '../shared/protocol/reply-writer';
import type { MessageReader, StoredMessage } from '../shared/store/message-readers';
import type { Store } from '../shared/store/store';
import { roomsOf } from './audience';
import { liveMessageEnding, liveMessageOpening } from './live-frames';
import { beginMessageFields, endMessageFields, messageFieldsBytesMax } from './message-frame';

/** A quarter of what one connection may have unread in its socket. */
const framesBytesMax = 65_536;

/** Undefined when the session has ended. */
export function catchUp(
  store: Store,
  { user, token, after }: CatchUpTask,
  nowSeconds: number,
): CaughtUp | undefined {
  if (store.useSession(token, nowSeconds) !== user) return undefined;
  const reader = new CatchUpReader(store, after);
  // Before the locks are taken: whatever has this sequence or a smaller one is there when they are held.
  const sequence = store.mail.committedSequence();
  const rooms = roomsOf(store, user);
  store.journal.forgetAwaited();
  const more = store.mail.fetch(user, Infinity, reader);
  return {
    frames: reader.frames,
    through: more ? reader.last : Math.max(sequence, reader.last),
    more,
    rooms,
    roomsAsOf: sequence,
    position: store.journal.awaited,
  };
}

class CatchUpReader implements MessageReader {
  /** The sequence of the last message that needs no more work. */
  last: number;
  private readonly bytes = Buffer.allocUnsafe(framesBytesMax);
  private readonly writer = new ReplyWriter(this.bytes, framesBytesMax);

  constructor(
    private readonly store: Store,
    after: number,
  ) {
    this.last = after;
  }

  get frames(): string {
    return this.bytes.toString('latin1', 0, this.writer.at);
  }

  message({ sequence, sender, receiver, room, atMs, firstBlock, textBytes }: StoredMessage): boolean {
    const { store, writer } = this;
    if (sequence <= this.last) return true;
    const bytes =
      liveMessageOpening.lengthBytes +
      messageFieldsBytesMax(store, sender, receiver, textBytes) +
      liveMessageEnding.lengthBytes;
    if (bytes > writer.roomBytes) return false;
    writer.bytes(liveMessageOpening);
    beginMessageFields(writer, store, sequence, sender, receiver, room);
    store.mail.copyText(firstBlock, textBytes, writer);
    endMessageFields(writer, atMs);
    writer.bytes(liveMessageEnding);
    this.last = sequence;
    return true;
  }
}
