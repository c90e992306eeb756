import { encodeReply } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';

/** The seed's key is `messages` here. */
const loggedOut = encodeReply({ status: 'OK', messages: 'Logged Out!' });

/** `logout <token>`: ends this session; the user's others live on. */
export const logout: QuickCommand = {
  name: 'logout',
  parameters: [{ kind: 'token', label: 'token' }],
  needsSession: true,
  summary: 'end this session',

  run(context) {
    const { store, request, reply, user, live } = context;
    const outcome = store.closeSession(request.token);
    if (outcome !== 'OK') {
      context.hasLeft = outcome === 'BAD_SESSION';
      reply.error(outcome);
      return;
    }
    reply.bytes(loggedOut);
    context.hasLeft = true;
    live.sessionsEnded(user);
  },
};
