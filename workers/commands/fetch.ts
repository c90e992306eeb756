import { fetchMessagesDefault, fetchMessagesMax, replyBytesMax } from '../../shared/protocol/limits';
import { AsciiBytes, type ReplyWriter } from '../../shared/protocol/reply-writer';
import type { MessageReader, StoredMessage } from '../../shared/store/message-readers';
import type { Store } from '../../shared/store/store';
import type { CommandContext, QuickCommand } from '../command';
import { beginMessageFields, endMessageFields, messageFieldsBytesMax } from '../message-frame';

/** `fetch <token> [limit]`: shows what is unread, oldest first, and leaves it unread. */
export const fetch: QuickCommand = {
  name: 'fetch',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'limit', label: 'limit', optional: true },
  ],
  needsSession: true,
  mayTakeLong: true,
  summary: 'look at the unread messages, which stay unread until ack',

  run(context) {
    const { reply, store, request } = context;
    const limit = request.limit ?? fetchMessagesDefault;
    if (!(limit >= 1 && limit <= fetchMessagesMax)) {
      reply.error('BAD_COMMAND');
      return;
    }
    formatter.begin(context);
    formatter.end(store.mail.fetch(context.user, limit, formatter));
  },
};

const opening = new AsciiBytes('{"status": "OK", "messages": [');
const messageSeparator = new AsciiBytes(', ');
const messageOpening = new AsciiBytes('{');
const messageEnding = new AsciiBytes('}');
const endingWithMore = new AsciiBytes('], "more": true}\r\n\r\n');
const endingWithout = new AsciiBytes('], "more": false}\r\n\r\n');

const frameBytes = opening.lengthBytes + endingWithout.lengthBytes;
const messageFrameBytes =
  messageSeparator.lengthBytes + messageOpening.lengthBytes + messageEnding.lengthBytes;

/** Writes the messages while the store shows them. */
class FetchFormatter implements MessageReader {
  private store!: Store;
  private reply!: ReplyWriter;
  private start = 0;
  private isFirst = true;

  begin({ store, reply }: CommandContext): void {
    this.store = store;
    this.reply = reply;
    this.start = reply.at;
    this.isFirst = true;
    reply.bytes(opening);
  }

  message({ sequence, sender, receiver, room, atMs, firstBlock, textBytes }: StoredMessage): boolean {
    const { store, reply } = this;
    const bytes = messageFrameBytes + messageFieldsBytesMax(store, sender, receiver, textBytes);
    if (reply.at - this.start + bytes + frameBytes > replyBytesMax) return false;
    if (!this.isFirst) reply.bytes(messageSeparator);
    this.isFirst = false;
    reply.bytes(messageOpening);
    beginMessageFields(reply, store, sequence, sender, receiver, room);
    store.mail.copyText(firstBlock, textBytes, reply);
    endMessageFields(reply, atMs);
    reply.bytes(messageEnding);
    return true;
  }

  end(hasMore: boolean): void {
    this.reply.bytes(hasMore ? endingWithMore : endingWithout);
  }
}

const formatter = new FetchFormatter();
