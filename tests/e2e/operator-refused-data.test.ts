// Goal: a data directory that a user may not use is refused with exit code 4 and words, whatever the command, and is never
// taken for one without data.
import { chmodSync, chownSync, cpSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { cleanUp } from '../support/clean-up';
import { operate } from '../support/operator-command';
import { prepareUsers } from '../support/prepared-data';
import { SmallFilesystem } from '../support/small-filesystem';
import { TemporaryFolder } from '../support/temporary-folder';

const isRoot = process.geteuid?.() === 0;
/** Any but root. */
const otherUser = 65_534;
const commands = [
  ['check'],
  ['user', 'list'],
  ['user', 'add', 'ana'],
  ['export', 'user1'],
  ['backup', '/nowhere/copy'],
];
/** Too long for a socket's path. */
const longName = 'x'.repeat(120);

let folder: TemporaryFolder;
let data: string;

beforeEach(async () => {
  folder = new TemporaryFolder();
  chmodSync(folder.path, 0o755);
  data = folder.file('data');
  await prepareUsers(data, 1);
  chmodSync(data, 0o700);
});
afterEach(async () => {
  await cleanUp();
  // Else nobody but root can remove what is in it.
  chmodSync(data, 0o700);
  folder.remove();
});

async function expectRefused(args: readonly string[], words: RegExp): Promise<void> {
  const exit = await operate(args, { input: 'rahasia-sekali\n', ...(isRoot ? { userId: otherUser } : {}) });
  expect([args, exit.code, exit.stderr]).toEqual([args, 4, expect.stringMatching(words)]);
  expect(exit.stderr).not.toMatch(/\n\s+at /);
}

test('one that can only be read', async () => {
  const filesystem = SmallFilesystem.mount('tmpfs', 64);
  if (filesystem === undefined) return;
  try {
    const copy = path.join(filesystem.path, 'data');
    cpSync(data, copy, { recursive: true });
    filesystem.makeReadOnly();
    for (const args of [['--port', '0', '--threads', '1'], ...commands]) {
      const exit = await operate([...args, '--data', copy], { input: 'rahasia-sekali\n' });
      expect([args, exit.code, exit.stderr]).toEqual([
        args,
        4,
        `chat-server: the data directory ${copy} is on a file system that can only be read. Copy it to one that can be ` +
          'written, or mount that one so, and try again.\n',
      ]);
    }
  } finally {
    filesystem.unmount();
  }
}, 60_000);

test('one of another user, by a short path and by a long one', async () => {
  if (!isRoot) {
    process.stdout.write('skipped: only root can make a directory of another user\n');
    return;
  }
  const long = folder.file(longName);
  cpSync(data, long, { recursive: true });
  chmodSync(long, 0o700);
  const server = ['--port', '0', '--threads', '1'];
  for (const args of [server, ...commands]) {
    await expectRefused([...args, '--data', data], /belongs to user 0/);
    await expectRefused([...args, '--data', long], /belongs to user 0/);
  }
}, 60_000);

test('one that nothing can be written to: by a command and by a server', async () => {
  if (isRoot)
    for (const name of ['', ...readdirSync(data, { recursive: true, encoding: 'utf8' })])
      chownSync(path.join(data, name), otherUser, -1);
  chmodSync(data, 0o500);
  const server = ['--port', '0', '--threads', '1'];
  for (const args of [server, ...commands])
    await expectRefused([...args, '--data', data], /cannot use the data directory .*EACCES/);
}, 60_000);

test('what is a file and no directory: by a check and by a server', async () => {
  const file = folder.write('file', 'x');
  chmodSync(file, 0o644);
  if (isRoot) chownSync(file, otherUser, -1);
  for (const args of [['check'], ['--port', '0', '--threads', '1'], ['user', 'add', 'ana']])
    await expectRefused(
      [...args, '--data', file],
      /cannot use the data directory .*file: it is not a directory/,
    );
});

test.each([
  { has: 'nothing else yet', moved: [] },
  { has: 'its journal', moved: ['journal'] },
])(
  'a backup that was cut short when it had $has: nothing begins anew in it',
  async ({ moved }) => {
    const copy = folder.file('copy');
    cpSync(data, path.join(copy, 'incomplete'), { recursive: true });
    for (const name of moved) renameSync(path.join(copy, 'incomplete', name), path.join(copy, name));
    chmodSync(copy, 0o755);
    if (isRoot) chownSync(copy, otherUser, -1);
    const names = readdirSync(copy);
    for (const args of [['--port', '0', '--threads', '1'], ...commands])
      await expectRefused(
        [...args, '--data', copy],
        /cannot use the data directory .*a backup that is not complete/,
      );
    expect(readdirSync(copy)).toEqual(names);
  },
  60_000,
);
