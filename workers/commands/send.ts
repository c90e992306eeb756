import { encodeReply } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';
import { deliver } from '../delivery';

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

  run(context) {
    const outcome = deliver(context, undefined);
    if (outcome === 'OK') context.reply.bytes(sent);
    else context.reply.error(outcome);
  },
};
