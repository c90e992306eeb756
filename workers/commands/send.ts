import { messageBytesMax } from '../../shared/protocol/limits';
import { encodeReply } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';

const sent = encodeReply({ status: 'OK', message: 'Message Sent' });

/** `send <token> <username_dest> <message>`: delivers a message to an inbox. */
export const send: QuickCommand = {
  name: 'send',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'name', label: 'username_dest' },
    { kind: 'text', label: 'message' },
  ],
  needsSession: true,
  summary: 'send a message to a user',

  run({ store, request, requestBytes, reply, user, nowMs, text, live }) {
    if (!request.nameIsWellFormed) {
      reply.error('RECIPIENT_NOT_FOUND');
      return;
    }
    if (request.text.end - request.text.start > messageBytesMax) {
      reply.error('MESSAGE_TOO_LONG');
      return;
    }
    if (request.textNeedsEscape) text.escape(requestBytes, request.text.start, request.text.end);
    else text.copy(request.view, request.text.start, request.text.end);
    const outcome = store.mail.send(user, request.name, text, nowMs);
    if (outcome !== 'OK') {
      reply.error(outcome);
      return;
    }
    reply.bytes(sent);
    live.message(user, store.mail.lastReceiver, store.lastSequence, nowMs, text);
  },
};
