import { encodeReply } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';

const acknowledged = encodeReply({ status: 'OK', message: 'Acknowledged' });

/** `ack <token> <id>`: marks read everything up to and including a message. */
export const ack: QuickCommand = {
  name: 'ack',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'id', label: 'id' },
  ],
  needsSession: true,
  mayTakeLong: true,
  summary: 'mark read all messages up to and including one',

  run({ store, request, reply, user, live }) {
    const outcome = request.idIsWellFormed ? store.mail.acknowledge(user, request.id) : 'NO_SUCH_MESSAGE';
    if (outcome !== 'OK') {
      reply.error(outcome);
      return;
    }
    reply.bytes(acknowledged);
    live.read(user, request.id.sequence, request.id.receiver);
  },
};
