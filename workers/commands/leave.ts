import { encodeReply } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';

const left = encodeReply({ status: 'OK', message: 'Left' });

/** `leave <token> <#room>`: ends the user's membership; a room whose last member leaves is gone. */
export const leave: QuickCommand = {
  name: 'leave',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'room', label: '#room' },
  ],
  needsSession: true,
  summary: 'leave a room',

  run({ store, request, reply, user, nowMs, live }) {
    const { rooms } = store;
    const outcome = request.roomIsWellFormed ? rooms.leave(user, request.room, nowMs) : 'NO_SUCH_ROOM';
    if (outcome !== 'OK') {
      reply.error(outcome);
      return;
    }
    reply.bytes(left);
    live.member('leave', user, rooms.changedRoom, request.room, store.lastSequence, nowMs);
  },
};
