/**
 * A mutex among processes, for the milliseconds in which one of them takes a data directory. A claim is a socket with a
 * name of its own beside the one that it is about: who listens on one and then sees no other has the mutex, since of two
 * at the same time at least one sees the other's. Who does not have it takes its claim back and tries again a little
 * later.
 *
 * Only the kernel says whether a claim is held: whose process has died refuses connections, whose process stands still
 * for however long does not. No name is ever used twice, so that to remove a claim left behind can never remove one that
 * is held; one that was removed before its process listened on it is seen to be missing, and does not count.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { closeServer, codeOf, connectLocal, listenLocal } from './local-socket';

/** Who has not got the mutex by then does not get it: others take the directory all the time, or one stands still. */
const waitMsMax = 20_000;
const retryMsMax = 25;
const idBytes = 8;
const ending = '.claim-';

/** How much longer a claim's path is than that of the socket that it is about. */
export const claimEndingBytes = ending.length + 2 * idBytes;

/**
 * Does what at most one process may do at a time.
 * @param socketPath the socket that it is about: claims are called like it, with an ending.
 * @returns undefined when others have had the mutex all the time.
 */
export async function withClaim<Result>(
  socketPath: string,
  act: () => Promise<Result>,
): Promise<Result | undefined> {
  const folder = path.dirname(socketPath);
  const family = `${path.basename(socketPath)}${ending}`;
  const giveUpMs = performance.now() + waitMsMax;
  while (performance.now() < giveUpMs) {
    const own = `${family}${randomBytes(idBytes).toString('hex')}`;
    const claim = await listen(path.join(folder, own));
    try {
      if (!(await isContested(folder, family, own))) return await act();
    } finally {
      await closeServer(claim);
    }
    await delay(randomInt(1, retryMsMax));
  }
  return undefined;
}

async function isContested(folder: string, family: string, own: string): Promise<boolean> {
  const claims = readdirSync(folder).filter((name) => name.startsWith(family));
  if (!claims.includes(own)) return true;
  for (const claim of claims) if (claim !== own && (await isHeld(path.join(folder, claim)))) return true;
  return false;
}

/** Whether whoever made a claim lives; removes it when not. */
async function isHeld(claim: string): Promise<boolean> {
  try {
    (await connectLocal(claim)).destroy();
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ECONNREFUSED') rmSync(claim, { force: true });
    return code !== 'ECONNREFUSED' && code !== 'ENOENT';
  }
}

/** Nobody has anything to say there: that it can be connected to is all. */
async function listen(claim: string): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.destroy();
  });
  await listenLocal(server, claim);
  return server;
}
