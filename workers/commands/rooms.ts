import { AsciiBytes } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';

const opening = new AsciiBytes('{"status": "OK", "rooms": [');
const separator = new AsciiBytes(', ');
const name = new AsciiBytes('{"room": "#');
const members = new AsciiBytes('", "members": ');
const owner = new AsciiBytes(', "owner": "');
const roomEnding = new AsciiBytes('"}');
const ending = new AsciiBytes(']}\r\n\r\n');

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
