// Goal: a server whose data directory is not where it was says so and ends, instead of promising what no start would find.
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dataFolders } from '../../shared/journal/data-folders';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

let folder: TemporaryFolder;
let data: string;
let server: ServerProcess;
let token: string;

beforeEach(async () => {
  folder = TemporaryFolder.onDisk();
  data = folder.file('data');
  server = await ServerProcess.start(['--threads', '1'], { data });
  const { tokenid } = JSON.parse(await ask('auth messi surabaya')) as { tokenid: string };
  token = tokenid;
  expect(await ask(`send ${token} messi satu`)).toContain('"OK"');
});
afterEach(async () => {
  await cleanUp();
  folder.remove();
});

function ask(request: string): Promise<string> {
  return LineSocket.askOnce(server.address, request);
}

test('moved away: all that was acknowledged is where it was moved to', async () => {
  const moved = folder.file('moved');
  renameSync(data, moved);
  expect(await server.exited).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('was moved away or removed') as string,
  });
  server = await ServerProcess.start(['--threads', '1'], { data: moved });
  expect(await ask(`fetch ${token}`)).toContain('"satu"');
});

test.each([
  ['removed', (): void => undefined],
  ['removed, and another one made in its place', mkdirSync],
])('%s', async (_what, replace) => {
  rmSync(data, { recursive: true });
  replace(data);
  expect((await server.exited).code).toBe(4);
});

test('without the socket that says whose it is, which another server would take', async () => {
  rmSync(dataFolders(data).socket);
  expect((await server.exited).code).toBe(4);
  server = await ServerProcess.start(['--threads', '1'], { data });
  expect(await ask(`fetch ${token}`)).toContain('"satu"');
});
