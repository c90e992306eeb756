import { errorTexts } from '../shared/protocol/error-codes';
import { splitCommand, splitWords } from './command-words';
import { objectMembers, pythonStyle } from './json-text';
import { activeUsersOf, inboxTextOf, messageOf, tokenOf, type Reply } from './reply';
import { refusal, requestLines } from './request-lines';
import type { SessionState } from './session-state';
import { answer, errorLine, print, type OutputLine, type Step } from './step';

export interface Command {
  readonly name: string;
  readonly aliases: readonly string[];
  /** As `help` shows them. */
  readonly parameters: string;
  readonly summary: string;
  readonly needsLogin: boolean;
  /** Whether the line may hold a password: such lines never enter the history. */
  readonly secret: boolean;
  /** Whether Tab completes the first parameter from the names seen. */
  readonly takesName: boolean;
  /** Throws a `ChatError` when the parameters are refused. `rest` is what follows the command, outer spaces removed at the start. */
  readonly run: (state: SessionState, rest: string) => Step;
}

type CommandRow = Pick<Command, 'name' | 'summary' | 'run'> & Partial<Command>;

/** Every command that can be typed, in the order in which `help` shows them. */
export const commands: readonly Command[] = (
  [
    {
      name: 'auth',
      parameters: 'USERNAME [PASSWORD]',
      summary: 'log in; asks for the password when it is left out',
      secret: true,
      run: runAuth,
    },
    {
      name: 'send',
      parameters: 'USERNAME MESSAGE',
      summary: 'send a message',
      needsLogin: true,
      takesName: true,
      run: runSend,
    },
    {
      name: 'inbox',
      summary: 'show the messages that are unread, and mark them read',
      needsLogin: true,
      run: runInbox,
    },
    {
      name: 'activeuser',
      aliases: ['active'],
      summary: 'show who is logged in',
      needsLogin: true,
      run: runActiveUser,
    },
    { name: 'logout', summary: 'end this login', needsLogin: true, run: runLogout },
    {
      name: 'register',
      parameters: 'USERNAME [PASSWORD [DISPLAY NAME]]',
      summary: 'create an account, where the server allows it',
      secret: true,
      run: runRegister,
    },
    {
      name: 'passwd',
      parameters: '[OLD NEW]',
      summary: 'change the password; asks when they are left out',
      needsLogin: true,
      secret: true,
      run: runPasswd,
    },
    { name: 'whoami', summary: 'show who this login belongs to', needsLogin: true, run: runWhoami },
    { name: 'ping', summary: 'ask the server for a sign of life', run: runPing },
    { name: 'help', summary: 'show this list', run: runHelp },
    { name: 'exit', aliases: ['quit'], summary: 'leave', run: () => ({ do: 'leave' }) },
  ] satisfies CommandRow[]
).map((row: CommandRow) => ({
  aliases: [],
  parameters: '',
  needsLogin: false,
  secret: false,
  takesName: false,
  ...row,
}));

export function findCommand(word: string): Command | undefined {
  return commands.find(({ name, aliases }) => name === word || aliases.includes(word));
}

function runAuth(state: SessionState, rest: string): Step {
  const [username, password, ...extra] = splitWords(rest);
  // A password with a space in it would be cut at the space without a word about it.
  if (username === undefined || extra.length > 0) throw refusal('BAD_COMMAND');
  if (password !== undefined) return logIn(state, username, password);
  return ask(state, ['Password: '], ([typed]) => logIn(state, username, typed!));
}

function logIn(state: SessionState, username: string, password: string): Step {
  return request(requestLines.auth(username, password), (reply) => {
    const token = tokenOf(reply);
    state.token = token;
    state.remember([username]);
    return [answer(`username ${username} logged in, token ${token}`)];
  });
}

function runSend(state: SessionState, rest: string): Step {
  const { command: recipient, rest: text } = splitCommand(rest);
  const line = requestLines.send(tokenIn(state), recipient, text);
  const step = request(line, () => {
    state.remember([recipient]);
    return [answer(`message sent to ${recipient}`)];
  });
  return { ...step, shown: true };
}

function runInbox(state: SessionState): Step {
  return request(requestLines.inbox(tokenIn(state)), (reply) => {
    const inboxText = inboxTextOf(reply);
    state.remember(objectMembers(inboxText).map(([sender]) => sender));
    return [answer(pythonStyle(inboxText))];
  });
}

function runActiveUser(state: SessionState): Step {
  return request(requestLines.activeUsers(tokenIn(state)), (reply) => {
    state.remember(activeUsersOf(reply));
    return [answer(`Active User: "${messageOf(reply)}"`)];
  });
}

function runLogout(state: SessionState): Step {
  return request(requestLines.logout(tokenIn(state)), () => {
    state.token = undefined;
    return [answer('Logout success!')];
  });
}

function runRegister(state: SessionState, rest: string): Step {
  const { command: username, rest: afterName } = splitCommand(rest);
  const { command: password, rest: displayName } = splitCommand(afterName);
  if (username === '') throw refusal('BAD_COMMAND');
  if (password !== '') return register(username, password, displayName);
  return ask(state, ['Password: ', 'Password again: '], ([typed, again]) =>
    typed === again ? register(username, typed!, '') : print(errorLine('the two passwords differ')),
  );
}

function register(username: string, password: string, displayName: string): Step {
  return request(requestLines.register(username, password, displayName), () => [
    answer(`username ${username} registered`),
  ]);
}

function runPasswd(state: SessionState, rest: string): Step {
  const words = splitWords(rest);
  if (words.length === 2) return changePassword(state, words[0]!, words[1]!);
  if (words.length > 0) throw refusal('BAD_COMMAND');
  return ask(state, ['Old password: ', 'New password: ', 'New password again: '], ([old, typed, again]) =>
    typed === again ? changePassword(state, old!, typed!) : print(errorLine('the two new passwords differ')),
  );
}

function changePassword(state: SessionState, oldPassword: string, newPassword: string): Step {
  return request(requestLines.passwd(tokenIn(state), oldPassword, newPassword), () => [
    answer('password changed'),
  ]);
}

function runWhoami(state: SessionState): Step {
  return request(requestLines.whoami(tokenIn(state)), (reply) => [answer(describe(reply))]);
}

function runPing(): Step {
  return request(requestLines.ping(), (reply) => [answer(describe(reply))]);
}

function runHelp(): Step {
  const rows = commands.map(({ name, aliases, parameters, summary }) => {
    const also = aliases.map((alias) => `, ${alias}`).join('');
    return [`${name}${also} ${parameters}`.trimEnd(), summary] as const;
  });
  const widthCharacters = Math.max(...rows.map(([usage]) => usage.length));
  return print(...rows.map(([usage, summary]) => answer(`${usage.padEnd(widthCharacters)}  ${summary}`)));
}

/** A reply that has no fixed form in the seed: its message, or else its members one after the other. */
function describe({ members }: Reply): string {
  if (typeof members.message === 'string') return members.message;
  const told = Object.entries(members).filter(([name]) => name !== 'status');
  if (told.length === 0) return 'OK';
  return told
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function request(line: string, succeeded: (reply: Reply) => OutputLine[]): Step & { do: 'request' } {
  return { do: 'request', line, shown: false, answer: succeeded };
}

/** Asks when somebody is there to answer; in a pipe the parameters are simply missing. */
function ask(
  state: SessionState,
  questions: readonly string[],
  answered: (answers: readonly string[]) => Step,
): Step {
  return state.canAsk ? { do: 'ask', questions, answered } : print(errorLine(errorTexts.BAD_COMMAND));
}

/** Commands that take a token run only after login: `Session` sees to it. */
function tokenIn(state: SessionState): string {
  if (state.token === undefined) throw new Error('a command that needs a login ran without one');
  return state.token;
}
