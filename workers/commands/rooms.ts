import { asciiBytes } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';

const opening = asciiBytes('{"status": "OK", "rooms": [');
const separator = asciiBytes(', ');
const name = asciiBytes('{"room": "#');
const members = asciiBytes('", "members": ');
const owner = asciiBytes(', "owner": "');
const roomEnding = asciiBytes('"}');
const ending = asciiBytes(']}\r\n\r\n');

/** `rooms <token>`: the rooms that the user is in, in order of joining. There are so few that every reply holds them. */
export const rooms: QuickCommand = {
  name: 'rooms',
  parameters: [{ kind: 'token', label: 'token' }],
  needsSession: true,
  summary: 'list the rooms that you are in',

  run({ store, reply, user }) {
    let isFirst = true;
    reply.bytes(opening);
    store.rooms.forEachRoomOf(user, (room) => {
      if (!isFirst) reply.bytes(separator);
      isFirst = false;
      reply.bytes(name);
      store.rooms.copyName(room.room, reply);
      reply.bytes(members);
      reply.ascii(String(room.memberCount));
      reply.bytes(owner);
      store.copyName(room.owner, reply);
      reply.bytes(roomEnding);
    });
    reply.bytes(ending);
  },
};
