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
import { messageIdBytesMax, writeMessageId } from '../shared/protocol/message-id';
import { asciiBytes, type ReplyWriter } from '../shared/protocol/reply-writer';
import { timestampBytes, writeTimestamp } from '../shared/protocol/timestamp';
import type { Store } from '../shared/store/store';

const id = asciiBytes('"id": "');
const from = asciiBytes('", "from": "');
const fromName = asciiBytes('", "msg_from": "');
const to = asciiBytes('", "to": "');
const toName = asciiBytes('", "msg_to": "');
const text = asciiBytes('", "msg": "');
const at = asciiBytes('", "at": "');
const ending = asciiBytes('"');

const fixedBytes =
  [id, from, fromName, to, toName, text, at, ending].reduce((sum, { byteLength }) => sum + byteLength, 0) +
  messageIdBytesMax +
  timestampBytes;

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
    store.nameBytes(receiver) +
    store.displayNameBytes(receiver) +
    textBytes
  );
}

/** Writes the fields up to the text, which is to follow. */
export function beginMessageFields(
  reply: ReplyWriter,
  store: Store,
  sequence: number,
  sender: number,
  receiver: number,
): void {
  reply.bytes(id);
  writeMessageId(reply, sequence, receiver);
  reply.bytes(from);
  store.copyName(sender, reply);
  reply.bytes(fromName);
  store.copyDisplayName(sender, reply);
  reply.bytes(to);
  store.copyName(receiver, reply);
  reply.bytes(toName);
  store.copyDisplayName(receiver, reply);
  reply.bytes(text);
}

/** Writes the rest, after the text. */
export function endMessageFields(reply: ReplyWriter, atMs: number): void {
  reply.bytes(at);
  writeTimestamp(reply, atMs);
  reply.bytes(ending);
}
