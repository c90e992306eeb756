// Goal: a data directory has one owner at any moment, however many want it and however the last one ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { chownSync, existsSync, mkdirSync, readdirSync, renameSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { connectToOwner, DataDirectory, DirectoryInUse } from '../../server/data-directory';
import { exitCode } from '../../server/start-error';
import { dataFolders } from '../../shared/journal/data-folders';
import { systemFiles } from '../../shared/journal/file-layer';
import { TemporaryFolder } from '../support/temporary-folder';

const contenders = 8;
const turnsEach = 50;
const makeFolder = fs.mkdirSync;
const syncFolder = systemFiles.syncFolder.bind(systemFiles);
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

async function listenElsewhere(socket: string): Promise<ChildProcess> {
  const script = "require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))";
  const child = spawn(process.execPath, ['-e', script, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** What a process leaves that dies while it has the directory. */
async function leaveSocket(): Promise<void> {
  const { socket } = dataFolders(data);
  await kill(await listenElsewhere(socket));
  expect(existsSync(socket)).toBe(true);
}

/** A process that listens on a claim, as it does while it takes the directory. */
async function claimElsewhere(): Promise<ChildProcess> {
  return listenElsewhere(`${dataFolders(data).socket}.claim-of-another`);
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

test('who finds that another made it, a moment after it was missing, contends for it', async () => {
  const make = fs.mkdirSync;
  const made: string[] = [];
  const spy = jest.spyOn(fs, 'mkdirSync').mockImplementation((target, options) => {
    // The other process comes first.
    make(target, options);
    made.push(path.basename(target as string));
    return make(target, options);
  });
  try {
    data = folder.file('missing/data');
    const owner = await own();
    expect(made).toEqual(['missing', 'data']);
    await expect(own()).rejects.toThrow(DirectoryInUse);
    await owner.release();
  } finally {
    spy.mockRestore();
  }
});

test('the name of each folder that was made is on disk before anything is kept in it', async () => {
  const changes: string[] = [];
  const make = jest.spyOn(fs, 'mkdirSync').mockImplementation(((made: string, options) => {
    changes.push(`make ${path.basename(made)}`);
    return makeFolder(made, options);
  }) as typeof fs.mkdirSync);
  const sync = jest.spyOn(systemFiles, 'syncFolder').mockImplementation((synced) => {
    changes.push(`sync ${path.relative(path.dirname(data), synced)}`);
    syncFolder(synced);
  });
  try {
    data = folder.file('first/second');
    const owner = await own();
    expect(changes).toEqual(['make first', 'sync ..', 'make second', 'sync ']);
    await owner.release();
  } finally {
    make.mockRestore();
    sync.mockRestore();
  }
});

test('a claim of a process that died taking it is removed', async () => {
  await kill(await claimElsewhere());
  expect(readdirSync(data)).toHaveLength(1);
  await (await own()).release();
  expect(readdirSync(data)).toEqual([]);
});

test('who stands still while it takes it is waited for, however old its claim is', async () => {
  const claim = await claimElsewhere();
  claim.kill('SIGSTOP');
  const [name] = readdirSync(data);
  utimesSync(path.join(data, name!), 0, 0);
  let isTaken = false;
  const taken = own().then((directory) => {
    isTaken = true;
    return directory;
  });
  // The other's claim is looked at many times meanwhile.
  await delay(500);
  expect(isTaken).toBe(false);
  await kill(claim);
  await (await taken).release();
  expect(readdirSync(data)).toEqual([]);
});

test('a path that fits a socket, and not a claim, does too', async () => {
  const bytesLeft = 105 - Buffer.byteLength(dataFolders(data).socket);
  data = `${data}${'a'.repeat(bytesLeft)}`;
  const directory = await own();
  const connection = await connectToOwner(data);
  expect(connection).toBeDefined();
  connection?.destroy();
  await directory.release();
  expect(readdirSync(data)).toEqual([]);
});

test('who lets go of one that was moved away takes nothing from the owner of the next in its place', async () => {
  const moved = await own();
  renameSync(data, folder.file('moved'));
  const directory = await own();
  await moved.release();
  const connection = await connectToOwner(data);
  expect(connection).toBeDefined();
  connection?.destroy();
  await directory.release();
  expect(readdirSync(data)).toEqual([]);
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
