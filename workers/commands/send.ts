import { messageBytesMax } from '../../shared/protocol/limits';
import { encodeReply } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';

const sent = encodeReply({ status: 'OK', message: 'Message Sent' });

/** `send <token> <username_dest> <message>`: delivers a message to an inbox, or to a `#room` that the user is in. */
export const send: QuickCommand = {
  name: 'send',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'destination', label: 'username_dest' },
    { kind: 'text', label: 'message' },
  ],
  needsSession: true,
  summary: 'send a message to a user, or to a #room',

  run({ store, request, requestBytes, reply, user, nowMs, text, live }) {
    if (!request.nameIsWellFormed) {
      reply.error(request.destinationIsRoom ? 'NO_SUCH_ROOM' : 'RECIPIENT_NOT_FOUND');
      return;
    }
    if (request.text.end - request.text.start > messageBytesMax) {
      reply.error('MESSAGE_TOO_LONG');
      return;
    }
    if (request.textNeedsEscape) text.escape(requestBytes, request.text.start, request.text.end);
    else text.copy(request.view, request.text.start, request.text.end);
    const outcome = request.destinationIsRoom
      ? store.rooms.send(user, request.name, text, nowMs)
      : store.mail.send(user, request.name, text, nowMs);
    if (outcome !== 'OK') {
      reply.error(outcome);
      return;
    }
    reply.bytes(sent);
    const receiver = request.destinationIsRoom ? -store.rooms.changedRoom : store.mail.lastReceiver;
    live.message(user, receiver, request.name, store.lastSequence, nowMs, text);
  },
};
