import type { ErrorCode } from '../../shared/protocol/error-codes';
import { replyBytesMax } from '../../shared/protocol/limits';
import { AsciiBytes } from '../../shared/protocol/reply-writer';
import type { CommandContext, QuickCommand } from '../command';

const opening = new AsciiBytes('{"status": "OK", "members": [');
const separator = new AsciiBytes(', ');
const username = new AsciiBytes('{"user": "');
const displayName = new AsciiBytes('", "name": "');
const isOwner = new AsciiBytes('", "owner": true}');
const isNotOwner = new AsciiBytes('", "owner": false}');
const ending = new AsciiBytes('], "more": false}\r\n\r\n');
const endingWithMore = new AsciiBytes('], "more": true}\r\n\r\n');

/** Of one member, names aside. */
const frameBytes =
  separator.lengthBytes + username.lengthBytes + displayName.lengthBytes + isNotOwner.lengthBytes;

/** `members <token> <#room> [after]`: who is in a room, in order of joining; as many as a reply holds. */
export const members: QuickCommand = {
  name: 'members',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'room', label: '#room' },
    { kind: 'after', label: 'after username', optional: true },
  ],
  needsSession: true,
  mayTakeLong: true,
  summary: 'list the members of a room that you are in',

  run(context) {
    const { reply } = context;
    const start = reply.at;
    const outcome = listMembers(context, start + replyBytesMax - ending.lengthBytes);
    if (outcome === 'OK') return;
    reply.at = start;
    reply.error(outcome);
  },
};

/** Writes the whole reply, members up to `end`. */
function listMembers({ store, request, reply, user }: CommandContext, end: number): ErrorCode | 'OK' {
  if (!request.roomIsWellFormed) return 'NO_SUCH_ROOM';
  if (request.afterIsGiven && !request.afterIsWellFormed) return 'NOT_A_MEMBER';
  const after = request.afterIsGiven ? request.after : undefined;
  const page = { isEmpty: true, hasMore: false };
  reply.bytes(opening);
  const outcome = store.rooms.forEachMember(user, request.room, after, (member, owns) => {
    page.hasMore = reply.at + frameBytes + store.nameBytes(member) + store.displayNameBytes(member) > end;
    if (page.hasMore) return false;
    if (!page.isEmpty) reply.bytes(separator);
    page.isEmpty = false;
    reply.bytes(username);
    store.copyName(member, reply);
    reply.bytes(displayName);
    store.copyDisplayName(member, reply);
    reply.bytes(owns ? isOwner : isNotOwner);
    return true;
  });
  reply.bytes(page.hasMore ? endingWithMore : ending);
  return outcome;
}
