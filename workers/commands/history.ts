import type { ErrorCode } from '../../shared/protocol/error-codes';
import { historyMessagesDefault, historyMessagesMax } from '../../shared/protocol/limits';
import type { Name } from '../../shared/protocol/name';
import type { Store } from '../../shared/store/store';
import type { HistoryCommand } from '../command';

/** `history <token> <peer or #room> [limit] [before-id]`: a page of a conversation. */
export const history: HistoryCommand = {
  name: 'history',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'destination', label: 'peer or #room' },
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
    const name = request.nameIsWellFormed ? request.name : undefined;
    const peer = findPeer(store, user, name, request.destinationIsRoom);
    if (typeof peer === 'string') {
      reply.error(peer);
      return undefined;
    }
    const before = request.idIsGiven ? request.id.sequence : undefined;
    return { kind: 'history', user, peer, limit, before };
  },
};

/** The number of a user, or the negative one of a room that `user` is in; `name` is undefined where it is none. */
export function findPeer(
  store: Store,
  user: number,
  name: Name | undefined,
  isRoom: boolean,
): number | ErrorCode {
  if (isRoom) {
    const room = name === undefined ? 'NO_SUCH_ROOM' : store.rooms.numberFor(user, name);
    return typeof room === 'number' ? -room : room;
  }
  return (name === undefined ? undefined : store.credentialsOf(name)?.user) ?? 'RECIPIENT_NOT_FOUND';
}
