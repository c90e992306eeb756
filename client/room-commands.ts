/** Commands about rooms. */
import { request, tokenIn, type CommandRow } from './command-row';
import { splitWords } from './command-words';
import { personText } from './message-text';
import type { Reply } from './reply';
import { refusal, requestLines } from './request-lines';
import { membersOf, roomsOf } from './room-replies';
import type { SessionState } from './session-state';
import { answer, hint, type OutputLine, type Step } from './step';

export const join: CommandRow = {
  name: 'join',
  parameters: '#ROOM',
  summary: 'become a member of a room; the first one owns it',
  needsLogin: true,
  completes: ['room'],
  run: (state, rest) => {
    const [room] = wordsOf(rest, 1);
    return request(requestLines.join(tokenIn(state), room!), () => {
      state.remember([room!]);
      return [answer(`joined ${room}`)];
    });
  },
};

export const leave: CommandRow = {
  name: 'leave',
  parameters: '#ROOM',
  summary: 'leave a room',
  needsLogin: true,
  completes: ['room'],
  run: (state, rest) => {
    const [room] = wordsOf(rest, 1);
    return request(requestLines.leave(tokenIn(state), room!), () => [answer(`left ${room}`)]);
  },
};

export const rooms: CommandRow = {
  name: 'rooms',
  summary: 'show the rooms that you are in',
  needsLogin: true,
  run: (state) => request(requestLines.rooms(tokenIn(state)), (reply) => roomLines(state, reply)),
};

export const members: CommandRow = {
  name: 'members',
  parameters: '#ROOM',
  summary: 'show who is in a room',
  needsLogin: true,
  completes: ['room', 'name'],
  run: runMembers,
};

export const remove: CommandRow = {
  name: 'remove',
  parameters: '#ROOM USERNAME',
  summary: 'remove a member from a room that you own',
  needsLogin: true,
  completes: ['room', 'name'],
  run: (state, rest) => {
    const [room, username] = wordsOf(rest, 2);
    return request(requestLines.remove(tokenIn(state), room!, username!), () => [
      answer(`${username} removed from ${room}`),
    ]);
  },
};

function roomLines(state: SessionState, reply: Reply): OutputLine[] {
  const listed = roomsOf(reply);
  state.remember(listed.map(({ room }) => room));
  if (listed.length === 0) return [hint('you are in no room; join one with join #ROOM.')];
  return listed.map(({ room, memberCount, owner }) =>
    answer(`${room}  ${memberCount} ${memberCount === 1 ? 'member' : 'members'}, owner ${owner}`),
  );
}

function runMembers(state: SessionState, rest: string): Step {
  const words = splitWords(rest);
  const [room, afterUser] = words;
  if (room === undefined || words.length > 2) throw refusal('BAD_COMMAND');
  return request(requestLines.members(tokenIn(state), room, afterUser), (reply) => {
    const page = membersOf(reply);
    state.remember(page.members.map(({ user }) => user));
    const lines = page.members.map(({ user, name, isOwner }) =>
      answer(`${personText(name, user)}${isOwner ? ', owner' : ''}`),
    );
    return page.more
      ? [...lines, hint(`there is more: members ${room} ${page.members.at(-1)!.user}`)]
      : lines;
  });
}

function wordsOf(rest: string, count: number): string[] {
  const words = splitWords(rest);
  if (words.length !== count) throw refusal('BAD_COMMAND');
  return words;
}
