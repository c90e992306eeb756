import { randomBytes } from 'node:crypto';
import type { Account } from './account';
import { rule, type ConformanceCase } from './conformance-case';
import * as replies from './replies';
import type { Scene } from './scene';

const joined = replies.ok('"message": "Joined"');
const left = replies.ok('"message": "Left"');

/** Section 3: rooms. Every case has a room of its own, and leaves none behind. */
export const roomCases: readonly ConformanceCase[] = [
  rule(3, 'rooms: join, rooms, members, leave: the exact bytes', async (scene) => {
    const { messi, lineker } = scene.cast;
    const room = freshRoom();
    const [owner, member] = [await scene.login(messi), await scene.login(lineker)];
    await scene.expect(`join ${owner} ${room}`, joined);
    await scene.expect(`join ${member} ${room.toUpperCase()}`, joined);
    await scene.expect(`join ${member} ${room}`, joined);
    const listed = `{"room": "${room}", "members": 2, "owner": "${messi.username}"}`;
    await scene.expect(`rooms ${member}`, containing(listed));
    const members = `${memberOf(messi, true)}, ${memberOf(lineker, false)}`;
    await scene.expect(`members ${member} ${room}`, replies.ok(`"members": [${members}], "more": false`));
    await scene.expect(`leave ${owner} ${room}`, left);
    const alone = replies.ok(`"members": [${memberOf(lineker, true)}], "more": false`);
    await scene.expect(`members ${member} ${room}`, alone);
    await scene.expect(`leave ${member} ${room}`, left);
    await scene.expect(`leave ${member} ${room}`, replies.errorCoded('NO_SUCH_ROOM'));
  }),
  rule(3, 'rooms: a message reaches the members, but its sender, and nobody else', async (scene) => {
    const { messi, henderson, lineker } = scene.cast;
    const room = freshRoom();
    const [owner, member] = [await scene.enter(messi), await scene.enter(lineker)];
    const stranger = await scene.enter(henderson);
    await scene.expect(`join ${owner} ${room}`, joined);
    await scene.expect(`join ${member} ${room}`, joined);
    await scene.expect(`send ${owner} ${room} halo semua`, replies.messageSent);
    const inRoom = `{"msg_from": "${replies.inAscii(messi.displayName)}", "msg_to": "${room}", "msg": "halo semua"}`;
    const expected = replies.ok(`"messages": {"${messi.username}": [${inRoom}]}`);
    await scene.expect(`inbox ${member}`, expected);
    for (const token of [owner, member, stranger]) await scene.expect(`inbox ${token}`, replies.emptyInbox);
    await scene.expect(`send ${stranger} ${room} halo`, replies.errorCoded('NOT_A_MEMBER'));
    await leaveAll(scene, room, owner, member);
  }),
  rule(3, 'rooms: the owner removes members, others may not', async (scene) => {
    const { messi, lineker } = scene.cast;
    const room = freshRoom();
    const [owner, member] = [await scene.login(messi), await scene.login(lineker)];
    await scene.expect(`join ${owner} ${room}`, joined);
    await scene.expect(`join ${member} ${room}`, joined);
    await scene.expect(`remove ${member} ${room} ${messi.username}`, replies.errorCoded('FORBIDDEN'));
    await scene.expect(`remove ${owner} ${room} ${lineker.username}`, replies.ok('"message": "Removed"'));
    await scene.expect(`members ${member} ${room}`, replies.errorCoded('NOT_A_MEMBER'));
    await leaveAll(scene, room, owner);
  }),
  rule(3, 'rooms: names that no room can have', async (scene) => {
    const token = await scene.login(scene.cast.messi);
    for (const name of ['tim', '#', '#no/such', `#${'a'.repeat(33)}`])
      await scene.expect(`join ${token} ${name}`, replies.errorCoded('BAD_ROOM'));
    await scene.expect(`send ${token} # halo`, replies.errorCoded('NO_SUCH_ROOM'));
    await scene.expect(`members ${token} ${freshRoom()}`, replies.errorCoded('NO_SUCH_ROOM'));
  }),
];

function freshRoom(): string {
  return `#conformance-${randomBytes(8).toString('hex')}`;
}

function memberOf({ username, displayName }: Account, owner: boolean): string {
  return `{"user": "${username}", "name": "${replies.inAscii(displayName)}", "owner": ${owner}}`;
}

function containing(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}

async function leaveAll(scene: Scene, room: string, ...tokens: readonly string[]): Promise<void> {
  for (const token of tokens) await scene.expect(`leave ${token} ${room}`, left);
}
