import type { ErrorCode } from '../../shared/protocol/error-codes';
import { encodeReply } from '../../shared/protocol/reply-writer';
import type { CommandContext, QuickCommand } from '../command';

const removed = encodeReply({ status: 'OK', message: 'Removed' });

/** `remove <token> <#room> <username>`: ends another user's membership, for the room's owner. */
export const remove: QuickCommand = {
  name: 'remove',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'room', label: '#room' },
    { kind: 'name', label: 'username' },
  ],
  needsSession: true,
  summary: 'remove a member from a room that you own',

  run(context) {
    const outcome = removeMember(context);
    const { reply, store, request, nowMs } = context;
    if (outcome !== 'OK') {
      reply.error(outcome);
      return;
    }
    reply.bytes(removed);
    const { changedRoom, changedUser } = store.rooms;
    context.live.member('leave', changedUser, changedRoom, request.room, store.lastSequence, nowMs);
  },
};

function removeMember({ store, request, user, nowMs }: CommandContext): ErrorCode | 'OK' {
  if (!request.roomIsWellFormed) return 'NO_SUCH_ROOM';
  if (!request.nameIsWellFormed) return 'RECIPIENT_NOT_FOUND';
  return store.rooms.remove(user, request.room, request.name, nowMs);
}
