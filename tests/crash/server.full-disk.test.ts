// Goal: a disk that becomes full at the worst moment leaves no request without a reply, and no stop without its exit code.
import path from 'node:path';
import { cleanUp } from '../support/clean-up';
import { FilledDisk } from '../support/filled-disk';
import { LineSocket } from '../support/line-socket';
import { prepareUsers } from '../support/prepared-data';
import { ServerProcess } from '../support/server-process';
import { SmallFilesystem } from '../support/small-filesystem';

const text = 'x'.repeat(4_000);

let filesystem: SmallFilesystem | undefined;

beforeEach(() => {
  filesystem = SmallFilesystem.mount('tmpfs', 128);
});
afterEach(async () => {
  await cleanUp();
  filesystem?.unmount();
});

/** Data of some users, of whom the first is logged in. */
async function prepare(userCount: number): Promise<{ data: string; token: string }> {
  const data = path.join(filesystem!.path, 'data');
  const [token] = await prepareUsers(data, userCount);
  return { data, token: token! };
}

test('no request is left without a reply when the ring is full as the disk becomes so', async () => {
  if (filesystem === undefined) return;
  const { data, token } = await prepare(2);
  const args = ['--threads', '2', '--max-connections-per-address', '0', '--max-inbox', '1000000'];
  const server = await ServerProcess.start(args, { data, preload: 'slow-disk.js' });
  const requests = `send ${token} user2 ${text}\n`.repeat(8);
  const senders = await Promise.all(
    Array.from({ length: 400 }, () => LineSocket.connect(server.address, { timeoutMs: 10_000 })),
  );
  const disk = new FilledDisk(filesystem.path);
  let repliesLeft = 3 * 400 * 8;
  const sending = senders.map(async (sender) => {
    for (let isRefused = false; !isRefused;) {
      sender.write(requests);
      const replies = await sender.frames(8);
      repliesLeft -= replies.length;
      if (repliesLeft <= 0 && repliesLeft + replies.length > 0) disk.fill();
      isRefused = repliesLeft <= 0 && replies.some((reply) => reply.includes('"BUSY"'));
    }
  });
  const unanswered = (await Promise.allSettled(sending)).filter(({ status }) => status === 'rejected');
  expect(unanswered).toEqual([]);
  expect((await server.stop()).code).toBe(0);
}, 60_000);

test('TERM ends a server with 0 that was started on a full disk', async () => {
  if (filesystem === undefined) return;
  const { data, token } = await prepare(2);
  new FilledDisk(filesystem.path).fill();
  const server = await ServerProcess.start(['--threads', '1'], { data });
  const client = await LineSocket.connect(server.address);
  expect(await client.ask(`send ${token} user2 ditolak`)).toContain('"BUSY"');
  expect((await server.stop()).code).toBe(0);
});

test('TERM ends a server with 0 whose journal threads died on a full disk, with nothing to write', async () => {
  if (filesystem === undefined) return;
  const { data, token } = await prepare(2);
  const server = await ServerProcess.start(['--threads', '1'], { data, preload: 'kill-switch.js' });
  const client = await LineSocket.connect(server.address);
  new FilledDisk(filesystem.path).fill();
  const sentMax = 20_000;
  for (let count = 0; count < sentMax; count += 1)
    if ((await client.ask(`send ${token} user2 ${text}`)).includes('"BUSY"')) break;
  // The first one after it has a spare file to begin in, the second one none.
  for (let deaths = 1; deaths <= 2; deaths += 1) {
    while ((await server.ask({ kind: 'terminate', role: 'journal', count: 1 })) === 0);
    await server.untilPrinted(new RegExp(`(?:"a thread died"[^]*){${deaths}}`));
  }
  expect((await server.stop()).code).toBe(0);
});
