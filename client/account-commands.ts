/** Commands about one's account and login. */
import { ask, request, tokenIn, type CommandRow } from './command-row';
import { splitCommand, splitWords } from './command-words';
import { describeReply, tokenOf } from './reply';
import { refusal, requestLines } from './request-lines';
import type { SessionState } from './session-state';
import { answer, errorLine, print, type Step } from './step';

export const auth: CommandRow = {
  name: 'auth',
  parameters: 'USERNAME [PASSWORD]',
  summary: 'log in; asks for the password when it is left out',
  secret: true,
  run: runAuth,
};

export const logout: CommandRow = {
  name: 'logout',
  summary: 'end this login',
  needsLogin: true,
  run: runLogout,
};

export const register: CommandRow = {
  name: 'register',
  parameters: 'USERNAME [PASSWORD [DISPLAY NAME]]',
  summary: 'create an account, where the server allows it',
  secret: true,
  run: runRegister,
};

export const passwd: CommandRow = {
  name: 'passwd',
  parameters: '[OLD NEW]',
  summary: 'change the password; asks when they are left out',
  needsLogin: true,
  secret: true,
  run: runPasswd,
};

export const whoami: CommandRow = {
  name: 'whoami',
  summary: 'show who this login belongs to',
  needsLogin: true,
  run: runWhoami,
};

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
    state.username = username.toLowerCase();
    state.remember([username]);
    return [answer(`username ${username} logged in, token ${token}`)];
  });
}

function runLogout(state: SessionState): Step {
  return request(requestLines.logout(tokenIn(state)), () => {
    state.forgetLogin();
    return [answer('Logout success!')];
  });
}

function runRegister(state: SessionState, rest: string): Step {
  const { command: username, rest: afterName } = splitCommand(rest);
  const { command: password, rest: displayName } = splitCommand(afterName);
  if (username === '') throw refusal('BAD_COMMAND');
  if (password !== '') return requestAccount(username, password, displayName);
  return ask(state, ['Password: ', 'Password again: '], ([typed, again]) =>
    typed === again ? requestAccount(username, typed!, '') : print(errorLine('the two passwords differ')),
  );
}

function requestAccount(username: string, password: string, displayName: string): Step {
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
  return request(requestLines.whoami(tokenIn(state)), (reply) => [answer(describeReply(reply))]);
}
