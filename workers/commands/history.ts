import { historyMessagesDefault, historyMessagesMax } from '../../shared/protocol/limits';
import type { HistoryCommand } from '../command';

/** `history <token> <peer or #room> [limit] [before-id]`: a page of a conversation. */
export const history: HistoryCommand = {
  name: 'history',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'name', label: 'peer or #room' },
    { kind: 'limit', label: 'limit', optional: true },
    { kind: 'id', label: 'before-id', optional: true },
  ],
  needsSession: true,
  summary: 'a conversation in both directions, read or not: the newest messages, or those before an id',

  lookUp({ store, request, reply, settings, user }) {
    if (!settings.keepsHistory) {
      reply.error('NO_HISTORY');
      return undefined;
    }
    const limit = request.limit ?? historyMessagesDefault;
    if (!(limit >= 1 && limit <= historyMessagesMax)) {
      reply.error('BAD_COMMAND');
      return undefined;
    }
    if (request.idIsGiven && !request.idIsWellFormed) {
      reply.error('NO_SUCH_MESSAGE');
      return undefined;
    }
    const peer = request.nameIsWellFormed ? store.credentialsOf(request.name)?.user : undefined;
    if (peer === undefined) {
      reply.error('RECIPIENT_NOT_FOUND');
      return undefined;
    }
    const before = request.idIsGiven ? request.id.sequence : undefined;
    return { kind: 'history', user, peer, limit, before };
  },
};
