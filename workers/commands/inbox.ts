import { replyBytesMax } from '../../shared/protocol/limits';
import { AsciiBytes, type ReplyWriter } from '../../shared/protocol/reply-writer';
import type { InboxReader } from '../../shared/store/message-readers';
import type { Store } from '../../shared/store/store';
import { TextCollector } from '../../shared/store/text-collector';
import type { CommandContext, QuickCommand } from '../command';

/** `inbox <token>`: hands over what is unread, by sender, and marks it read in one step. */
export const inbox: QuickCommand = {
  name: 'inbox',
  parameters: [{ kind: 'token', label: 'token' }],
  needsSession: true,
  mayTakeLong: true,
  summary: 'take the unread messages',

  run(context) {
    const { reply, store } = context;
    const start = reply.at;
    formatter.begin(context);
    const outcome = store.mail.take(context.user, formatter);
    if (outcome === 'OK') {
      formatter.end();
      const { lastTaken, lastTakenReceiver } = store.mail;
      if (lastTaken !== 0) context.live.read(context.user, lastTaken, lastTakenReceiver);
      return;
    }
    reply.at = start;
    reply.error(outcome);
  },
};

const opening = new AsciiBytes('{"status": "OK", "messages": {');
const ending = new AsciiBytes('}}\r\n\r\n');
const senderSeparator = new AsciiBytes('], "');
const firstSender = new AsciiBytes('"');
const senderOpening = new AsciiBytes('": [');
const senderEnding = new AsciiBytes(']');
const messageSeparator = new AsciiBytes(', ');
const from = new AsciiBytes('{"msg_from": "');
const to = new AsciiBytes('", "msg_to": "');
const text = new AsciiBytes('", "msg": "');
const messageEnding = new AsciiBytes('"}');
const roomSign = new AsciiBytes('#');

const frameBytes = opening.lengthBytes + senderEnding.lengthBytes + ending.lengthBytes;
const messageFrameBytes =
  messageSeparator.lengthBytes +
  from.lengthBytes +
  to.lengthBytes +
  text.lengthBytes +
  messageEnding.lengthBytes;
const senderFrameBytes = senderSeparator.lengthBytes + senderOpening.lengthBytes;

/** Formats the seed's inbox reply while the store hands the messages over. */
class InboxFormatter implements InboxReader {
  private store!: Store;
  private reply!: ReplyWriter;
  private receiver = 0;
  private currentSender = 0;
  private isFirstOfSender = true;
  private bytes = 0;
  /** The message counted last: what is around its text takes as much as around that of the next one like it. */
  private countedSender = 0;
  private countedRoom = 0;
  private countedBytes = 0;
  /** What the message written last has before its text, in the reply: the next one like it has the same. */
  private openingAt = 0;
  private openingBytes = 0;
  private openingRoom = 0;
  /** Usernames of the senders so far who have been removed; another user may have such a name now. */
  private readonly removedNames = new Set<string>();

  begin({ store, reply, user }: CommandContext): void {
    this.store = store;
    this.reply = reply;
    this.receiver = user;
    this.currentSender = 0;
    this.countedSender = 0;
    this.bytes = frameBytes;
    if (this.removedNames.size > 0) this.removedNames.clear();
    reply.bytes(opening);
  }

  accepts(sender: number, textBytes: number, isFirstOfSender: boolean, room: number): boolean {
    if (sender !== this.countedSender || room !== this.countedRoom) this.countAround(sender, room);
    let bytes = this.bytes + this.countedBytes + textBytes;
    if (isFirstOfSender) bytes += senderFrameBytes + this.store.nameBytes(sender);
    if (bytes > replyBytesMax) return false;
    if (isFirstOfSender && !this.hasNameForItself(sender)) return false;
    this.bytes = bytes;
    return true;
  }

  private countAround(sender: number, room: number): void {
    const { store } = this;
    this.countedSender = sender;
    this.countedRoom = room;
    this.countedBytes = messageFrameBytes + store.displayNameBytes(sender);
    this.countedBytes +=
      room === 0 ? store.displayNameBytes(this.receiver) : roomSign.lengthBytes + store.rooms.nameBytes(room);
  }

  /**
   * Whether no sender so far has the same username. It would be in the reply's object twice, and whoever reads JSON sees
   * the last one alone: such a sender's messages wait for the next reply. A removed user's come before its successor's.
   */
  private hasNameForItself(sender: number): boolean {
    const { store, removedNames } = this;
    const isLive = store.isLive(sender);
    if (isLive && removedNames.size === 0) return true;
    const name = new TextCollector();
    store.copyName(sender, name);
    if (removedNames.has(name.text)) return false;
    if (!isLive) removedNames.add(name.text);
    return true;
  }

  sender(sender: number): void {
    const { reply } = this;
    reply.bytes(this.currentSender === 0 ? firstSender : senderSeparator);
    this.store.copyName(sender, reply);
    reply.bytes(senderOpening);
    this.currentSender = sender;
    this.isFirstOfSender = true;
  }

  message(firstBlock: number, textBytes: number, room: number): void {
    const { reply, store } = this;
    if (!this.isFirstOfSender) reply.bytes(messageSeparator);
    if (this.isFirstOfSender || room !== this.openingRoom) this.writeOpening(room);
    else reply.repeat(this.openingAt, this.openingBytes);
    this.isFirstOfSender = false;
    store.mail.copyText(firstBlock, textBytes, reply);
    reply.bytes(messageEnding);
  }

  private writeOpening(room: number): void {
    const { reply, store } = this;
    this.openingAt = reply.at;
    this.openingRoom = room;
    reply.bytes(from);
    store.copyDisplayName(this.currentSender, reply);
    reply.bytes(to);
    if (room === 0) {
      store.copyDisplayName(this.receiver, reply);
    } else {
      reply.bytes(roomSign);
      store.rooms.copyName(room, reply);
    }
    reply.bytes(text);
    this.openingBytes = reply.at - this.openingAt;
  }

  end(): void {
    if (this.currentSender !== 0) this.reply.bytes(senderEnding);
    this.reply.bytes(ending);
  }
}

const formatter = new InboxFormatter();
