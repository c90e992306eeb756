import { encodeFrame } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';

const reply = encodeFrame({ status: 'OK', message: 'Subscribed' });

/** `subscribe <token>`: this connection gets what is unread, and then what comes, until it closes or the session ends. */
export const subscribe: QuickCommand = {
  name: 'subscribe',
  parameters: [{ kind: 'token', label: 'token' }],
  needsSession: true,
  summary: 'get messages as they arrive, on this connection; ack marks them read',

  run(context) {
    context.subscription = { reply, user: context.user, token: context.request.token.slice() };
  },
};
