/**
 * A mutex among processes, for the milliseconds in which one of them takes a data directory. A claim is a socket with a
 * name of its own, beside the control socket. A process that listens on its claim and then sees no other one has the
 * mutex: of two that claim at the same time, at least one sees the other's claim. A process that sees another one
 * withdraws its own and tries again a little later.
 *
 * Only the kernel says whether a claim is held: the claim of a dead process refuses connections, that of a process that
 * stands still, for however long, does not. No name is ever used twice, so removing a claim that was left behind never
 * removes one that is held. A process whose claim was removed before it listened on it sees that it is missing, and
 * tries again.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { closeServer, codeOf, connectLocal, listenLocal } from './local-socket';

/** A process without the mutex by then gives up: others take the directory all the time, or one stands still. */
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

/** Whether the process that made a claim lives; removes the claim when it does not. */
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

/** Nothing is ever said there: all that matters is that it takes connections. */
async function listen(claim: string): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.destroy();
  });
  await listenLocal(server, claim);
  return server;
}
