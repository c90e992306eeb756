/**
 * The one table of commands: the parser takes its grammar from here, the runner its preconditions and handlers.
 */
import type { Command } from './command';
import { ack } from './commands/ack';
import { active, activeUsers } from './commands/active-users';
import { auth } from './commands/auth';
import { fetch } from './commands/fetch';
import { helpFor } from './commands/help';
import { history } from './commands/history';
import { inbox } from './commands/inbox';
import { join } from './commands/join';
import { leave } from './commands/leave';
import { logout } from './commands/logout';
import { members } from './commands/members';
import { passwd } from './commands/passwd';
import { ping } from './commands/ping';
import { post } from './commands/post';
import { register } from './commands/register';
import { remove } from './commands/remove';
import { rooms } from './commands/rooms';
import { search } from './commands/search';
import { send } from './commands/send';
import { subscribe } from './commands/subscribe';
import { whoami } from './commands/whoami';

const commands: readonly Command[] = [
  auth,
  send,
  inbox,
  fetch,
  ack,
  post,
  subscribe,
  activeUsers,
  active,
  logout,
  register,
  passwd,
  whoami,
  join,
  leave,
  remove,
  rooms,
  members,
  ping,
  history,
  search,
];

export const commandTable: readonly Command[] = [...commands, helpFor(commands)];
