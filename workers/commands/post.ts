import { writeMessageId } from '../../shared/protocol/message-id';
import { AsciiBytes } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';
import { deliver } from '../delivery';

const opening = new AsciiBytes('{"status": "OK", "id": "');
const endingOfNew = new AsciiBytes('", "duplicate": false}\r\n\r\n');
const endingOfDuplicate = new AsciiBytes('", "duplicate": true}\r\n\r\n');

/** `post <token> <key> <username_dest> <message>`: delivers a message once, however often it is asked to. */
export const post: QuickCommand = {
  name: 'post',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'key', label: 'key' },
    { kind: 'destination', label: 'username_dest' },
    { kind: 'text', label: 'message' },
  ],
  needsSession: true,
  summary: 'send a message under a key of your own: repeated, it is not sent again',

  run(context) {
    const { store, request, reply } = context;
    const outcome = request.keyIsWellFormed ? deliver(context, request.key) : 'BAD_COMMAND';
    if (outcome !== 'OK') {
      reply.error(outcome);
      return;
    }
    const { delivered, isDuplicate } = store.posts;
    reply.bytes(opening);
    writeMessageId(reply, delivered.sequence, delivered.receiver);
    reply.bytes(isDuplicate ? endingOfDuplicate : endingOfNew);
  },
};
