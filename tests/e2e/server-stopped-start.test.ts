// Goal: a signal that comes while the server starts ends it as cleanly as any: exit code 0, and it does not listen any more.
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { dataFolders } from '../../shared/journal/data-folders';
import { cleanUp } from '../support/clean-up';
import { prepareUsers } from '../support/prepared-data';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

/** Hashing them takes some seconds; loading that many rows a good part of one. */
const accountCount = 400;
const rowCount = 100_000;
const pollMs = 2;

let folder: TemporaryFolder;
let data: string;

beforeEach(() => {
  folder = TemporaryFolder.onDisk();
  data = folder.file('data');
});
afterEach(async () => {
  await cleanUp();
  folder.remove();
});

async function expectCleanEnd(server: ServerProcess): Promise<void> {
  const { code, stdout, stderr } = await server.stop();
  expect(stderr).not.toContain('unexpected failure');
  expect(stderr).toContain('"stopped"');
  expect(stdout).not.toContain('Listening');
  expect(code).toBe(0);
}

test('while it creates accounts', async () => {
  const lines = Array.from({ length: accountCount }, (_, index) =>
    JSON.stringify({ username: `user${index}`, password: 'jangan-bilang', name: 'User' }),
  );
  const users = folder.write('users.jsonl', lines.join('\n'));
  const server = await ServerProcess.begin(['--threads', '2', '--users', users], { data });
  await server.untilPrinted(/^Accounts .* checked$/m);
  await expectCleanEnd(server);
});

test('while it loads its data', async () => {
  await prepareUsers(data, rowCount);
  // It comes back when the load begins.
  const lockFile = path.join(dataFolders(data).tables, 'lock.mdb');
  rmSync(lockFile);
  const server = await ServerProcess.begin(['--threads', '1'], { data });
  while (!existsSync(lockFile)) await delay(pollMs);
  await expectCleanEnd(server);
});
