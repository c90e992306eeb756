import type { Account } from './account';
import { NotApplicable } from './case-errors';
import { rule, type ConformanceCase } from './conformance-case';
import * as replies from './replies';
import type { Scene } from './scene';

const unknownToken = '00000000-0000-4000-8000-000000000000';

/** Section 2: `auth`, `activeuser`, `logout`, and what a token is good for. */
export const sessionCases: readonly ConformanceCase[] = [
  rule(2, 'auth: the token is a uuid v4 in lower case', async (scene) => {
    await scene.login(scene.cast.messi);
  }),
  rule(2, 'auth: two logins of one user get two tokens, and both work', async (scene) => {
    const first = await scene.login(scene.cast.messi);
    const second = await scene.login(scene.cast.messi);
    scene.check('auth, auth', 'two tokens', first === second ? 'the same token twice' : 'two tokens');
    for (const token of [first, second]) await scene.expect(`inbox ${token}`, replies.anyOk);
  }),
  rule(2, 'auth: a username in capitals is the same user', async (scene) => {
    const { messi } = scene.cast;
    const request = `auth ${messi.username.toUpperCase()} ${messi.password}`;
    const token = scene.remember(await scene.expect(request, replies.tokenReply));
    await expectActive(scene, token, [messi]);
  }),
  rule(2, 'auth: a wrong password is WRONG_PASSWORD', async (scene) => {
    const { username, password } = scene.cast.messi;
    for (const wrong of [`${password}x`, 'x', 'x'.repeat(500), 'кириллица'])
      await scene.expect(`auth ${username} ${wrong}`, replies.wrongPassword);
  }),
  rule(2, 'auth: an unknown user is NO_SUCH_USER, also with a name that nobody can have', async (scene) => {
    for (const name of ['nobody-by-this-name', 'no/such!name', 'x'.repeat(33), 'josé'])
      await scene.expect(`auth ${name} surabaya`, replies.noSuchUser);
  }),
  rule(2, 'auth: without a password, or without anything, is BAD_COMMAND', async (scene) => {
    for (const request of ['auth', 'auth ', `auth ${scene.cast.messi.username}`, 'auth  \r'])
      await scene.expect(request, replies.badCommand);
  }),
  rule(2, 'a token works on another connection, and after the one it came from is gone', async (scene) => {
    const [first, second] = [await scene.connect(), await scene.connect()];
    const token = await scene.login(scene.cast.messi, first);
    await scene.expect(`inbox ${token}`, replies.anyOk, second);
    first.end();
    await scene.expectClosed('half-close', '', first);
    await scene.expect(`activeuser ${token}`, replies.activeUsersReply, second);
  }),
  rule(
    2,
    'activeuser: in order of login, each followed by ", "; active is the same command',
    async (scene) => {
      const { messi, henderson, lineker } = scene.cast;
      await expectNobodyElse(scene);
      const token = await scene.login(lineker);
      await expectActive(scene, token, [lineker]);
      await scene.login(messi);
      await scene.login(henderson);
      await expectActive(scene, token, [lineker, messi, henderson]);
    },
  ),
  rule(2, 'activeuser: a user with two sessions is listed once, until the last one ends', async (scene) => {
    const { messi, henderson } = scene.cast;
    await expectNobodyElse(scene);
    const first = await scene.login(messi);
    const other = await scene.login(henderson);
    const second = await scene.login(messi);
    await expectActive(scene, other, [messi, henderson]);
    await scene.logout(second);
    await expectActive(scene, other, [messi, henderson]);
    await scene.logout(first);
    await expectActive(scene, other, [henderson]);
    await scene.login(messi);
    await expectActive(scene, other, [henderson, messi]);
  }),
  rule(
    2,
    'logout: the exact reply; the token is BAD_SESSION from then on, the other session lives',
    async (scene) => {
      const first = await scene.login(scene.cast.messi);
      const second = await scene.login(scene.cast.messi);
      await scene.logout(first);
      await expectBadSession(scene, first);
      await scene.expect(`inbox ${second}`, replies.anyOk);
    },
  ),
  rule(2, 'a malformed token is BAD_SESSION', async (scene) => {
    const malformed = [
      'x',
      unknownToken.slice(1),
      `${unknownToken}0`,
      'zzzzzzzz-0000-4000-8000-000000000000',
      'é',
    ];
    for (const token of [...malformed, 'x'.repeat(1_000)]) await expectBadSession(scene, token);
  }),
  rule(2, 'a token that was never handed out is BAD_SESSION', (scene) =>
    expectBadSession(scene, unknownToken),
  ),
  rule(2, 'a bad token is BAD_SESSION whether the recipient exists or not', (scene) =>
    scene.expect(`send ${unknownToken} nobody-by-this-name halo`, replies.badSession).then(ignore),
  ),
  rule(2, 'inbox, activeuser, logout without a token are BAD_COMMAND', async (scene) => {
    for (const command of ['inbox', 'activeuser', 'active', 'logout', 'inbox  ', 'logout \r'])
      await scene.expect(command, replies.badCommand);
  }),
  rule(2, 'words after the last parameter are ignored, as original servers do', async (scene) => {
    const { username, password } = scene.cast.messi;
    const reply = await scene.expect(`auth ${username} ${password} extra words`, replies.tokenReply);
    const token = scene.remember(reply);
    await scene.expect(`inbox ${token} extra`, replies.anyOk);
    await scene.expect(`activeuser ${token} extra words`, replies.activeUsersReply);
    await scene.expect(`logout ${token} extra`, replies.loggedOut);
    await expectBadSession(scene, token);
  }),
];

async function expectBadSession(scene: Scene, token: string): Promise<void> {
  const requests = [
    `send ${token} ${scene.cast.messi.username} halo`,
    `inbox ${token}`,
    `activeuser ${token}`,
  ];
  for (const request of [...requests, `active ${token}`, `logout ${token}`])
    await scene.expect(request, replies.badSession);
}

/** Compares the list of active users, as far as it concerns the cast: others may be logged in meanwhile. */
async function expectActive(scene: Scene, token: string, accounts: readonly Account[]): Promise<void> {
  const ours = new Set(Object.values(scene.cast).map(({ username }: Account) => username));
  for (const command of ['activeuser', 'active']) {
    const received = await scene.expect(`${command} ${token}`, replies.activeUsersReply);
    const names = activeNames(received).filter((name) => ours.has(name));
    const withoutOthers = replies.ok(`"message": "${names.map((name) => `${name}, `).join('')}"`);
    scene.check(`${command} ${token}`, replies.activeUsers(...accounts), withoutOthers);
  }
}

/** The order of logins cannot be told from outside while somebody else holds sessions of the same users. */
async function expectNobodyElse(scene: Scene): Promise<void> {
  const { messi, henderson } = scene.cast;
  for (const account of [messi, henderson]) {
    const token = await scene.login(account);
    const received = await scene.expect(`activeuser ${token}`, replies.activeUsersReply);
    await scene.logout(token);
    const names = activeNames(received);
    const busy = Object.values(scene.cast).find(
      ({ username }: Account) => username !== account.username && names.includes(username),
    ) as Account | undefined;
    if (busy) throw new NotApplicable(`${busy.username} is logged in elsewhere`);
  }
}

function activeNames(reply: string): string[] {
  return (replies.activeUsersReply.exec(reply)?.[1] ?? '').split(', ').filter((name) => name !== '');
}

function ignore(): void {
  // The bytes were compared already.
}
