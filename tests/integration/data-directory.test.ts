// Goal: a data directory has one owner at any moment, however many want it and however the last one ended.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { connectToOwner, DataDirectory, DirectoryInUse } from '../../server/data-directory';
import { exitCode } from '../../server/start-error';
import { dataFolders } from '../../shared/journal/data-folders';
import { TemporaryFolder } from '../support/temporary-folder';

const contenders = 8;
const turnsEach = 50;
const claimMsMax = 10_000;
/** Any but root. */
const anotherUser = 65_534;

let folder: TemporaryFolder;
let data: string;

beforeEach(() => {
  folder = new TemporaryFolder();
  data = folder.file('data');
  mkdirSync(data, { mode: 0o700 });
});
afterEach(() => {
  folder.remove();
});

function own(): Promise<DataDirectory> {
  return DataDirectory.own(data, (socket) => socket.destroy());
}

/** Takes the directory as soon as it can be had. */
async function ownInTurn(): Promise<DataDirectory> {
  for (;;) {
    try {
      return await own();
    } catch (error) {
      if (!(error instanceof DirectoryInUse)) throw error;
      await nextTurn();
    }
  }
}

/** What a process leaves that dies while it has the directory. */
async function leaveSocket(): Promise<void> {
  const { socket } = dataFolders(data);
  const script = "require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))";
  const owner = spawn(process.execPath, ['-e', script, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(owner.stdout, 'data');
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect(existsSync(socket)).toBe(true);
}

/** A claim as another process makes it, of some age. */
function leaveClaim(ageMs: number): void {
  const claim = `${dataFolders(data).socket}.claim-of-another`;
  writeFileSync(claim, '');
  const madeSeconds = (Date.now() - ageMs) / 1_000;
  utimesSync(claim, madeSeconds, madeSeconds);
}

test.each([
  ['free', () => Promise.resolve()],
  ['left by a process that was killed', leaveSocket],
])(`${contenders} who take one that is %s from one another never have it together`, async (_, leave) => {
  await leave();
  let owners = 0;
  const contend = async (): Promise<void> => {
    for (let turn = 0; turn < turnsEach; turn += 1) {
      const directory = await ownInTurn();
      owners += 1;
      expect(owners).toBe(1);
      await nextTurn();
      owners -= 1;
      await directory.release();
    }
  };
  await Promise.all(Array.from({ length: contenders }, contend));
  expect(readdirSync(data)).toEqual([]);
});

test('who has it keeps it; another is refused', async () => {
  const directory = await own();
  await expect(own()).rejects.toThrow('in use by another chat-server');
  await directory.release();
  await (await own()).release();
});

test('a claim of a process that died taking it is removed; one that may be held is waited for', async () => {
  leaveClaim(claimMsMax + 1_000);
  await (await own()).release();
  expect(readdirSync(data)).toEqual([]);

  const leftMs = 300;
  leaveClaim(claimMsMax - leftMs);
  const beganMs = Date.now();
  const directory = await own();
  // The ages of files are kept in finer steps than the clock's.
  expect(Date.now() - beganMs).toBeGreaterThanOrEqual(leftMs - 5);
  await directory.release();
});

test('an owner that this user may not ask keeps it', async () => {
  if (process.geteuid?.() !== 0) {
    process.stdout.write('skipped: only root can leave a socket in a folder of another user\n');
    return;
  }
  // As root's server leaves it in the directory of the user that the server usually runs as.
  chownSync(folder.path, anotherUser, -1);
  chownSync(data, anotherUser, -1);
  const directory = await own();
  process.seteuid!(anotherUser);
  try {
    await expect(own()).rejects.toMatchObject({ exitCode: exitCode.dataUnavailable });
  } finally {
    process.seteuid!(0);
  }
  const connection = await connectToOwner(data);
  expect(connection).toBeDefined();
  connection?.destroy();
  await directory.release();
});
