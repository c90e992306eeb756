import { randomInt } from 'node:crypto';
import type { Account } from './account';
import { NotApplicable } from './case-errors';
import { rule, type ConformanceCase } from './conformance-case';
import * as replies from './replies';
import type { Scene } from './scene';

const forbidden = replies.errorCoded('FORBIDDEN');

/** Section 3, as far as it is about accounts and the server itself. Accounts made here stay: `--help` says so. */
export const accountCases: readonly ConformanceCase[] = [
  rule(3, 'ping is answered with OK, before login too', (scene) =>
    scene.expect('ping', replies.anyOk).then(ignore),
  ),
  rule(3, 'help lists the commands with their parameters', async (scene) => {
    const reply = await scene.expect('help', replies.anyOk);
    const commands = [
      'auth',
      'send',
      'inbox',
      'fetch',
      'ack',
      'post',
      'subscribe',
      'history',
      'search',
      'activeuser',
      'active',
      'logout',
      'join',
      'leave',
      'remove',
      'rooms',
      'members',
      'register',
      'passwd',
      'whoami',
      'ping',
      'help',
    ];
    for (const command of commands) scene.check('help', new RegExp(`"command": "${command}[ "]`), reply);
    for (const parameter of ['username', 'password', 'token', 'message'])
      scene.check('help', new RegExp(`<${parameter}>`), reply);
  }),
  rule(3, 'whoami names the user of the token', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.login(messi);
    const reply = await scene.expect(`whoami ${token}`, replies.anyOk);
    scene.check('whoami', new RegExp(`"${messi.username}"`), reply);
    scene.check(
      'whoami',
      replies.inAscii(messi.displayName),
      withinQuotes(reply, replies.inAscii(messi.displayName)),
    );
  }),
  rule(
    3,
    'whoami and passwd with a bad token are BAD_SESSION, without parameters BAD_COMMAND',
    async (scene) => {
      await scene.expect('whoami x', replies.badSession);
      await scene.expect('passwd x old new', replies.badSession);
      const token = await scene.login(scene.cast.messi);
      for (const request of ['whoami', 'passwd', `passwd ${token}`, `passwd ${token} old`])
        await scene.expect(request, replies.badCommand);
    },
  ),
  rule(3, 'passwd with a wrong old password is WRONG_PASSWORD and changes nothing', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.login(messi);
    await scene.expect(`passwd ${token} not-${messi.password} changed`, replies.wrongPassword);
    await scene.expect(`auth ${messi.username} changed`, replies.wrongPassword);
    await scene.login(messi);
  }),
  rule(3, 'register: without a password is BAD_COMMAND', async (scene) => {
    for (const request of ['register', 'register someone-new'])
      await scene.expect(request, replies.badCommand);
  }),
  rule(
    3,
    'register: the new user can log in, send and receive, under the display name given',
    async (scene) => {
      const account = await register(scene, { displayName: 'Siti "Ö" 😀' });
      const token = await scene.login(account);
      await scene.expect(`send ${token} ${account.username} halo`, replies.messageSent);
      const group = { sender: account, texts: ['halo'] };
      await scene.expect(`inbox ${token}`, replies.inboxReply(account, [group]));
    },
  ),
  rule(3, 'register: without a display name it is the username; capitals are folded', async (scene) => {
    const account = await register(scene, { inCapitals: true });
    const token = await scene.login(account);
    await scene.expect(`send ${token} ${account.username} halo`, replies.messageSent);
    const group = { sender: account, texts: ['halo'] };
    await scene.expect(`inbox ${token}`, replies.inboxReply(account, [group]));
  }),
  rule(3, 'register: a name that exists is USER_EXISTS, its password stays', async (scene) => {
    const account = await register(scene, {});
    await scene.expect(`register ${account.username} other`, replies.errorCoded('USER_EXISTS'));
    await scene.expect(`register ${account.username.toUpperCase()} other`, replies.errorCoded('USER_EXISTS'));
    await scene.login(account);
  }),
  rule(
    3,
    'register: names and passwords out of bounds are refused, the longest allowed ones work',
    async (scene) => {
      const name = newName();
      for (const bad of ['x'.repeat(33), 'no/slash', 'josé', '#room'])
        await scene.expect(`register ${bad} pass`, orForbidden(replies.errorCoded('BAD_NAME')));
      for (const bad of ['x'.repeat(129)])
        await scene.expect(`register ${name} ${bad}`, orForbidden(replies.errorCoded('BAD_PASSWORD')));
      const account = await register(scene, {
        username: `${name}._-`.padEnd(32, '0'),
        password: 'p'.repeat(128),
        displayName: '本'.repeat(64),
      });
      await scene.login(account);
    },
  ),
  rule(3, 'inbox: senders whose names are numbers keep the order of their messages', async (scene) => {
    const reader = await register(scene, {});
    const high = await register(scene, { username: String(randomInt(2e8, 4e9)) });
    const low = await register(scene, { username: String(randomInt(1e6, 1e8)) });
    const token = await scene.login(reader);
    for (const sender of [high, low])
      await scene.expect(`send ${await scene.login(sender)} ${reader.username} halo`, replies.messageSent);
    const groups = [high, low].map((sender) => ({ sender, texts: ['halo'] }));
    await scene.expect(`inbox ${token}`, replies.inboxReply(reader, groups));
  }),
  rule(
    3,
    "passwd: the new password counts, the old one does not, the user's other sessions end",
    async (scene) => {
      const account = await register(scene, {});
      const [own, other] = [await scene.login(account), await scene.login(account)];
      await scene.expect(`passwd ${own} ${account.password} changed`, replies.anyOk);
      await scene.expect(`whoami ${other}`, replies.badSession);
      await scene.expect(`whoami ${own}`, replies.anyOk);
      await scene.expect(`auth ${account.username} ${account.password}`, replies.wrongPassword);
      await scene.login({ ...account, password: 'changed' });
    },
  ),
];

interface Wanted {
  readonly username?: string;
  readonly password?: string;
  readonly displayName?: string;
  readonly inCapitals?: boolean;
}

/** Creates an account of a name not seen before. A server that does not allow it makes the case not applicable. */
async function register(scene: Scene, wanted: Wanted): Promise<Account> {
  const username = wanted.username ?? newName();
  const password = wanted.password ?? 'rahasia';
  const typed = wanted.inCapitals === true ? username.toUpperCase() : username;
  const request = `register ${typed} ${password} ${wanted.displayName ?? ''}`;
  const reply = await scene.expect(request, orForbidden(replies.anyOk));
  if (forbidden.test(reply)) throw new NotApplicable('the server does not allow registration');
  return { username, password, displayName: wanted.displayName ?? username };
}

function orForbidden(expected: RegExp): RegExp {
  return new RegExp(`${expected.source}|${forbidden.source}`);
}

function newName(): string {
  return `conf-${randomInt(2 ** 47).toString(36)}`;
}

/** The text, when it stands in the reply in quotes of its own; else the reply. */
function withinQuotes(reply: string, text: string): string {
  return reply.includes(`"${text}"`) ? text : reply;
}

function ignore(): void {
  // The bytes were compared already.
}
