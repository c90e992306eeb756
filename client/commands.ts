import { auth, logout, passwd, register, whoami } from './account-commands';
import { request, tokenIn, type Command, type CommandRow } from './command-row';
import { history, inbox, reply, search, send } from './message-commands';
import { activeUsersOf, describeReply, messageOf } from './reply';
import { requestLines } from './request-lines';
import { join, leave, members, remove, rooms } from './room-commands';
import type { SessionState } from './session-state';
import { answer, print, type Step } from './step';

const activeUsers: CommandRow = {
  name: 'activeuser',
  aliases: ['active'],
  summary: 'show who is logged in',
  needsLogin: true,
  run: runActiveUser,
};

const ping: CommandRow = { name: 'ping', summary: 'ask the server for a sign of life', run: runPing };
const help: CommandRow = { name: 'help', summary: 'show this list', run: runHelp };
const exit: CommandRow = {
  name: 'exit',
  aliases: ['quit'],
  summary: 'leave',
  run: () => ({ do: 'leave' }),
};

const rows: readonly CommandRow[] = [
  ...[auth, send, reply, inbox, activeUsers, logout],
  ...[history, search, join, leave, rooms, members, remove],
  ...[register, passwd, whoami, ping, help, exit],
];

/** Every command that can be typed, in the order in which `help` shows them. */
export const commands: readonly Command[] = rows.map((row) => ({
  aliases: [],
  parameters: '',
  needsLogin: false,
  secret: false,
  completes: [],
  isLiveOnly: false,
  ...row,
}));

/** The command of this name where messages come by themselves, or where they do not. */
export function findCommand(word: string, isLive: boolean): Command | undefined {
  return commands.find(
    ({ name, aliases, isLiveOnly }) => (name === word || aliases.includes(word)) && (isLive || !isLiveOnly),
  );
}

function runActiveUser(state: SessionState): Step {
  return request(requestLines.activeUsers(tokenIn(state)), (active) => {
    state.remember(activeUsersOf(active));
    return [answer(`Active User: "${messageOf(active)}"`)];
  });
}

function runPing(): Step {
  return request(requestLines.ping(), (pong) => [answer(describeReply(pong))]);
}

function runHelp(state: SessionState): Step {
  const { isLive } = state.setting;
  const usages = commands
    .filter(({ isLiveOnly }) => isLive || !isLiveOnly)
    .map(({ name, aliases, parameters, summary }) => {
      const also = aliases.map((alias) => `, ${alias}`).join('');
      return [`${name}${also} ${parameters}`.trimEnd(), summary] as const;
    });
  const usageWidth = Math.max(...usages.map(([usage]) => usage.length));
  const lines = usages.map(([usage, summary]) => `${usage.padEnd(usageWidth)}  ${summary}`);
  const fits = lines.every((line) => line.length < state.setting.columns());
  return print(
    ...(fits ? lines : usages.flatMap(([usage, summary]) => [usage, `    ${summary}`])).map(answer),
  );
}
