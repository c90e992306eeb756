/**
 * What a worker notes for subscribers while it runs a batch: one delivery for each change that somebody may be watching.
 * Handlers call it after a change has committed; while nobody is subscribed that costs one look at a word.
 */
import { type DeliveryArea, type DeliveryKind, deliveryKind } from '../shared/batch/delivery-area';
import { writeMessageId } from '../shared/protocol/message-id';
import type { Name } from '../shared/protocol/name';
import { AsciiBytes, type ReplyWriter } from '../shared/protocol/reply-writer';
import { writeTimestamp } from '../shared/protocol/timestamp';
import type { Store } from '../shared/store/store';
import type { StoredText } from '../shared/store/stored-text';
import { beginMessageFields, endMessageFields } from './message-frame';

export const liveMessageOpening = new AsciiBytes('{"event": "message", ');
const readOpening = new AsciiBytes('{"event": "read", "id": "');
export const liveMessageEnding = new AsciiBytes('}\r\n\r\n');
const joinOpening = new AsciiBytes('{"event": "join", "room": "#');
const leaveOpening = new AsciiBytes('{"event": "leave", "room": "#');
const userField = new AsciiBytes('", "user": "');
const nameField = new AsciiBytes('", "msg_from": "');
const atField = new AsciiBytes('", "at": "');
const textEnding = new AsciiBytes('"}\r\n\r\n');

export class LiveFrames {
  private area: DeliveryArea | undefined;
  private segment = 0;

  constructor(private readonly store: Store) {}

  /** From here on changes belong to this segment of the batch whose deliveries go to `area`. */
  begin(area: DeliveryArea | undefined, segment: number): void {
    this.area = area;
    this.segment = segment;
  }

  /** `sender` has sent `text` to a user or, as a negative number, to a room, whose name is looked at then. */
  message(
    sender: number,
    target: number,
    room: Name,
    sequence: number,
    atMs: number,
    text: StoredText,
  ): void {
    const frame = this.open(deliveryKind.message, target, sender, sequence);
    if (frame === undefined) return;
    frame.bytes(liveMessageOpening);
    beginMessageFields(frame, this.store, sequence, sender, target, room);
    text.copyTo(frame);
    endMessageFields(frame, atMs);
    frame.bytes(liveMessageEnding);
    this.close();
  }

  /** A user has read everything up to a message. */
  read(user: number, sequence: number, receiver: number): void {
    const frame = this.open(deliveryKind.read, user, user, sequence);
    if (frame === undefined) return;
    frame.bytes(readOpening);
    writeMessageId(frame, sequence, receiver);
    frame.bytes(textEnding);
    this.close();
  }

  /** A user has joined a room, or left it. */
  member(
    kind: 'join' | 'leave',
    user: number,
    roomNumber: number,
    room: Name,
    sequence: number,
    atMs: number,
  ): void {
    const isJoin = kind === 'join';
    const deliveryOf = isJoin ? deliveryKind.joined : deliveryKind.left;
    const frame = this.open(deliveryOf, -roomNumber, user, sequence);
    if (frame === undefined) return;
    const { store } = this;
    frame.bytes(isJoin ? joinOpening : leaveOpening);
    frame.copy(room.view, 0, room.lengthBytes);
    frame.bytes(userField);
    store.copyName(user, frame);
    frame.bytes(nameField);
    store.copyDisplayName(user, frame);
    frame.bytes(atField);
    writeTimestamp(frame, atMs);
    frame.bytes(textEnding);
    this.close();
  }

  /** Sessions of a user have ended. */
  sessionsEnded(user: number): void {
    if (this.open(deliveryKind.sessionsEnded, user, user, 0) !== undefined) this.close();
  }

  private open(kind: DeliveryKind, target: number, user: number, sequence: number): ReplyWriter | undefined {
    const { area } = this;
    const { subscriptions } = this.store;
    if (area === undefined || !subscriptions.isAny) return undefined;
    if (target > 0 && !subscriptions.isSet(target)) return undefined;
    return area.begin(kind, target, user, sequence);
  }

  private close(): void {
    this.area!.end(this.segment);
  }
}
