/**
 * A message as programs see it, the same fields in the same order wherever one is shown: in `fetch`, in pages of history
 * and in live events.
 *
 * ```
 *   "id": "1z-2", "from": "lineker", "msg_from": "Gary Lineker", "to": "messi", "msg_to": "Lionel Messi", "msg": "…",
 *   "at": "2026-11-23T06:00:00.000Z"
 * ```
 *
 * The text stands between two calls, because it comes from the store's blocks or from the request in hand.
 */
import { nameBytesMax } from '../shared/protocol/limits';
import { messageIdBytesMax, writeMessageId } from '../shared/protocol/message-id';
import type { Name } from '../shared/protocol/name';
import { AsciiBytes, type ReplyWriter } from '../shared/protocol/reply-writer';
import { timestampBytes, writeTimestamp } from '../shared/protocol/timestamp';
import type { Store } from '../shared/store/store';

const id = new AsciiBytes('"id": "');
const from = new AsciiBytes('", "from": "');
const fromName = new AsciiBytes('", "msg_from": "');
const to = new AsciiBytes('", "to": "');
const toName = new AsciiBytes('", "msg_to": "');
const text = new AsciiBytes('", "msg": "');
const at = new AsciiBytes('", "at": "');
const ending = new AsciiBytes('"');
const roomSign = new AsciiBytes('#');

const fixedBytes =
  [id, from, fromName, to, toName, text, at, ending].reduce((sum, { lengthBytes }) => sum + lengthBytes, 0) +
  messageIdBytesMax +
  timestampBytes;

/** A room's name with its `#`, twice. */
const roomNamesBytesMax = 2 * (1 + nameBytesMax);

/** The most bytes that the fields of a message take, with a text of so many (escaped) bytes. */
export function messageFieldsBytesMax(
  store: Store,
  sender: number,
  receiver: number,
  textBytes: number,
): number {
  return (
    fixedBytes +
    store.nameBytes(sender) +
    store.displayNameBytes(sender) +
    (receiver < 0 ? roomNamesBytesMax : store.nameBytes(receiver) + store.displayNameBytes(receiver)) +
    textBytes
  );
}

/** Writes the fields up to the text, which is to follow. `room` is looked at where the receiver is one, a negative number. */
export function beginMessageFields(
  reply: ReplyWriter,
  store: Store,
  sequence: number,
  sender: number,
  receiver: number,
  room: Name,
): void {
  reply.bytes(id);
  writeMessageId(reply, sequence, receiver);
  reply.bytes(from);
  store.copyName(sender, reply);
  reply.bytes(fromName);
  store.copyDisplayName(sender, reply);
  reply.bytes(to);
  if (receiver < 0) writeRoom(reply, room);
  else store.copyName(receiver, reply);
  reply.bytes(toName);
  if (receiver < 0) writeRoom(reply, room);
  else store.copyDisplayName(receiver, reply);
  reply.bytes(text);
}

function writeRoom(reply: ReplyWriter, { view, lengthBytes }: Name): void {
  reply.bytes(roomSign);
  reply.copy(view, 0, lengthBytes);
}

/** Writes the rest, after the text. */
export function endMessageFields(reply: ReplyWriter, atMs: number): void {
  reply.bytes(at);
  writeTimestamp(reply, atMs);
  reply.bytes(ending);
}
