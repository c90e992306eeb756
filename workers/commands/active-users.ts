import { replyBytesMax } from '../../shared/protocol/limits';
import { AsciiBytes } from '../../shared/protocol/reply-writer';
import { type CommandContext, type QuickCommand, toSeconds } from '../command';

const opening = new AsciiBytes('{"status": "OK", "message": "');
const separator = new AsciiBytes(', ');
const ending = new AsciiBytes('"}\r\n\r\n');

/** Names every active user once, in order of login; as many as a reply holds. */
function listActiveUsers({ store, reply, nowMs }: CommandContext): void {
  const end = reply.at + replyBytesMax - ending.lengthBytes;
  reply.bytes(opening);
  store.forEachActive(toSeconds(nowMs), (user) => {
    if (reply.at + store.nameBytes(user) + separator.lengthBytes > end) return false;
    store.copyName(user, reply);
    reply.bytes(separator);
    return true;
  });
  reply.bytes(ending);
}

/** `activeuser <token>`: who is logged in. */
export const activeUsers: QuickCommand = {
  name: 'activeuser',
  parameters: [{ kind: 'token', label: 'token' }],
  needsSession: true,
  mayTakeLong: true,
  summary: 'list the users who are logged in, in order of login',
  run: listActiveUsers,
};

/** `active <token>`: the seed's other name of `activeuser`. */
export const active: QuickCommand = { ...activeUsers, name: 'active', summary: 'the same as activeuser' };
