/**
 * A mutex among processes, for the milliseconds in which one of them takes a data directory. A claim is a file with a
 * name of its own beside the socket: who has made one and then sees no other has the mutex, since of two at the same time
 * at least one sees the other's. Who does not have it takes its claim back and tries again a little later.
 *
 * No name is ever used twice, so that to remove a claim left behind can never remove one that is held.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { closeSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A claim that is older than this was left by a process that has died: it is held for milliseconds. */
const claimMsMax = 10_000;
/** Who has not got the mutex by then does not get it: others take the directory all the time. */
const waitMsMax = 2 * claimMsMax;
const retryMsMax = 25;

/**
 * Does what at most one process may do at a time.
 * @param prefix the file that it is about: claims are called like it, with an ending.
 * @returns undefined when others have had the mutex all the time.
 */
export async function withClaim<Result>(
  prefix: string,
  act: () => Promise<Result>,
): Promise<Result | undefined> {
  const folder = path.dirname(prefix);
  const family = `${path.basename(prefix)}.claim-`;
  const giveUpMs = Date.now() + waitMsMax;
  while (Date.now() < giveUpMs) {
    const own = `${family}${randomUUID()}`;
    closeSync(openSync(path.join(folder, own), 'wx', 0o600));
    try {
      if (!isContested(folder, family, own)) return await act();
    } finally {
      rmSync(path.join(folder, own), { force: true });
    }
    await delay(randomInt(1, retryMsMax));
  }
  return undefined;
}

function isContested(folder: string, family: string, own: string): boolean {
  const others = readdirSync(folder).filter((name) => name.startsWith(family) && name !== own);
  return others.map((name) => path.join(folder, name)).some(isHeld);
}

/** Whether whoever made a claim may live; removes it when not. */
function isHeld(claim: string): boolean {
  const made = statSync(claim, { throwIfNoEntry: false });
  if (made === undefined) return false;
  if (Date.now() - made.mtimeMs <= claimMsMax) return true;
  rmSync(claim, { force: true });
  return false;
}
