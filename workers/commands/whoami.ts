import { AsciiBytes } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';

const opening = new AsciiBytes('{"status": "OK", "username": "');
const between = new AsciiBytes('", "name": "');
const ending = new AsciiBytes('"}\r\n\r\n');

/** `whoami <token>`: the session's user. */
export const whoami: QuickCommand = {
  name: 'whoami',
  parameters: [{ kind: 'token', label: 'token' }],
  needsSession: true,
  summary: 'the username and display name of this session',

  run({ store, reply, user }) {
    reply.bytes(opening);
    store.copyName(user, reply);
    reply.bytes(between);
    store.copyDisplayName(user, reply);
    reply.bytes(ending);
  },
};
