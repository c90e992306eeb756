// Goal: on a terminal, an operator's command asks for what it needs, shows no password, and leaves the terminal as it was.
import { operate, jsonLines } from '../support/operator-command';
import { TemporaryFolder } from '../support/temporary-folder';
import { TerminalSession } from '../support/terminal-session';

jest.setTimeout(60_000);

const password = 'rahasia-sekali';
let folder: TemporaryFolder;
let data: string;

beforeEach(() => {
  folder = new TemporaryFolder();
  data = folder.file('data');
});
afterEach(async () => {
  await TerminalSession.endAll();
  folder.remove();
});

function user(...args: readonly string[]): Promise<TerminalSession> {
  return TerminalSession.start(['user', ...args, '--data', data], { program: 'server/main.js' });
}

async function names(): Promise<unknown[]> {
  const { stdout } = await operate(['user', 'list', '--json', '--data', data]);
  return jsonLines(stdout).map(({ username }) => username);
}

/** What the terminal shows of a text typed after the command: `cat` runs then. */
async function expectEcho(terminal: TerminalSession): Promise<void> {
  await terminal.enter('masih terlihat');
  await terminal.shows(/masih terlihat\n[^]*masih terlihat/);
}

test('a new password is typed twice, mended with the keys that erase, and never shown', async () => {
  const terminal = await user('add', 'ana');
  await terminal.shows('Password for ana:');
  await terminal.type('salah sama sekali');
  await terminal.press('C-u');
  await terminal.type(`${password}xx`);
  await terminal.press('BSpace', 'BSpace', 'Enter');
  await terminal.shows('The same again:');
  await terminal.enter(password);
  const screen = await terminal.shows('left with 0');
  expect(screen).toContain('created ana');
  expect(await terminal.scrollback()).not.toMatch(/rahasia|salah/);
  await expectEcho(terminal);
  expect(await names()).toEqual(['ana']);
});

test('two that differ change nothing, and say so', async () => {
  const terminal = await user('add', 'ana');
  await terminal.shows('Password for ana:');
  await terminal.enter(password);
  await terminal.shows('The same again:');
  await terminal.enter(`${password}!`);
  expect(await terminal.shows('left with 2')).toContain('the two passwords differ; nothing was changed');
  expect(await terminal.scrollback()).not.toContain('rahasia');
  await expectEcho(terminal);
});

test('Ctrl-C at the prompt gives up, and the terminal echoes again', async () => {
  const terminal = await user('add', 'ana');
  await terminal.shows('Password for ana:');
  await terminal.type(password);
  await terminal.press('C-c');
  expect(await terminal.shows('left with 1')).toContain('given up; nothing was changed');
  await expectEcho(terminal);
});

test('a removal is confirmed: anything but a yes removes nobody', async () => {
  for (const name of ['ana', 'budi'])
    expect((await operate(['user', 'add', name, '--data', data], { input: `${password}\n` })).code).toBe(0);
  const refused = await user('remove', 'ana');
  await refused.shows('Remove ana, with its sessions and unread messages? [y/N]');
  await refused.press('Enter');
  expect(await refused.shows('left with 1')).toContain('nothing was removed');
  const unanswered = await user('remove', 'ana');
  await unanswered.shows('[y/N]');
  await unanswered.press('C-d');
  expect(await unanswered.shows('left with 1')).toMatch(/\[y\/N\]\nchat-server: nothing was removed$/m);
  const agreed = await user('remove', 'budi');
  await agreed.shows('[y/N]');
  await agreed.enter('y');
  expect(await agreed.shows('left with 0')).toContain('removed budi');
  expect(await names()).toEqual(['ana']);
});
