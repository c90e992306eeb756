import { encodeReply } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';

const joined = encodeReply({ status: 'OK', message: 'Joined' });

/** `join <token> <#room>`: makes the user a member of a room; the owner of a new one, if there was none. */
export const join: QuickCommand = {
  name: 'join',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'room', label: '#room' },
  ],
  needsSession: true,
  summary: 'become a member of a room; a room that does not exist is made',

  run(context) {
    const { store, request, reply, user, nowMs, live } = context;
    const { rooms } = store;
    const outcome = request.roomIsWellFormed ? rooms.join(user, request.room, nowMs) : 'BAD_ROOM';
    if (outcome !== 'OK') {
      context.hasLeft = outcome === 'BAD_SESSION';
      reply.error(outcome);
      return;
    }
    reply.bytes(joined);
    // Somebody who was a member already has changed nothing.
    if (rooms.changedUser === user)
      live.member('join', user, rooms.changedRoom, request.room, store.lastSequence, nowMs);
  },
};
