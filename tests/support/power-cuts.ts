/** Copies of a loaded server's data, as of moments in the midst of its work, with what was promised by then. */
import { cpSync, statSync } from 'node:fs';
import path from 'node:path';
import { dataFolders } from '../../shared/journal/data-folders';
import { Tables } from '../../workers/tables/tables';
import type { DeliveryLedger } from './delivery-ledger';
import { type LoadShape, loadUntilDeath } from './durable-load';
import type { DurableServer } from './durable-server';
import { whileFrozen } from './frozen-process';
import { LineSocket } from './line-socket';
import type { RandomNumbers } from './random-numbers';
import { ServerProcess } from './server-process';

/** No inbox is read: all that was ever promised must be in the inboxes of every copy. */
const shape: LoadShape = { senders: 24, readers: 0, logins: 0, registrations: 0, textBytesMax: 3_000 };
const repliesBetween = 400;

export interface Copy<Place> {
  readonly place: Place;
  /** Texts that were acknowledged before the copy was begun. */
  readonly promised: ReadonlySet<string>;
  /** The tables’ file had just changed: a transaction was under way, or just through. */
  readonly isByApply: boolean;
}

/**
 * Loads the server and copies its data so many times, each time with the whole server standing still; then kills it.
 * Half of the copies wait until the tables' file changes: a transaction is under way then, or just through.
 */
export async function copyUnderLoad<Place>(
  server: DurableServer,
  copies: number,
  random: RandomNumbers,
  copyTo: (index: number) => Place,
): Promise<Copy<Place>[]> {
  const taken: Copy<Place>[] = [];
  const { process, deliveries } = server;
  const tablesFile = path.join(dataFolders(server.data).tables, 'data.mdb');
  let repliesLeft = random.below(repliesBetween);
  let changedMs = 0;
  let isCopying = false;
  const take = async (): Promise<void> => {
    const promised = promisedTexts(deliveries);
    const copy = await whileFrozen(process.pid, () => ({
      place: copyTo(taken.length),
      promised,
      isByApply: changedMs !== 0 && statSync(tablesFile).mtimeMs !== changedMs,
    }));
    taken.push(copy);
    if (taken.length === copies) process.signal('SIGKILL');
    repliesLeft = repliesBetween + random.below(repliesBetween);
    changedMs = 0;
    isCopying = false;
  };
  const failures: unknown[] = [];
  await loadUntilDeath({
    ...server.ledgers,
    address: process.address,
    members: server.members,
    random,
    shape,
    onReply: () => {
      repliesLeft -= 1;
      if (isCopying || repliesLeft > 0) return;
      const waitsForApply = taken.length % 2 === 1;
      const { mtimeMs } = statSync(tablesFile);
      if (changedMs === 0) changedMs = mtimeMs;
      if (waitsForApply && mtimeMs === changedMs) return;
      isCopying = true;
      take().catch((error: unknown) => {
        failures.push(error);
        process.signal('SIGKILL');
      });
    },
  });
  await process.exited;
  if (failures.length > 0) throw failures[0];
  return taken;
}

export function copyFolder(from: string, to: string): string {
  cpSync(from, to, { recursive: true, filter: (source) => !source.endsWith('.sock') });
  return to;
}

/**
 * What is wrong with a copy that a server is started on: promised texts that it has not, texts twice, and texts of a
 * connection without those before them.
 */
export async function judgeCopy(
  server: DurableServer,
  data: string,
  promised: ReadonlySet<string>,
): Promise<string[]> {
  const findings: string[] = [];
  const process = await ServerProcess.start(['--threads', '1'], { data });
  const client = await LineSocket.connect(process.address, { timeoutMs: 20_000 });
  const found = new Set<string>();
  for (const { username, token } of server.members) {
    for (;;) {
      const frame = await client.ask(`inbox ${token}`);
      const { messages } = JSON.parse(frame) as { messages?: Record<string, { msg: string }[]> };
      if (messages === undefined) findings.push(`the inbox of ${username}: ${frame}`);
      const texts = Object.values(messages ?? {}).flatMap((list) => list.map(({ msg }) => msg));
      if (texts.length === 0) break;
      for (const text of texts) {
        if (found.has(text)) findings.push(`twice: ${text.slice(0, 20)}`);
        if (!server.deliveries.messages.has(text)) findings.push(`alien: ${text.slice(0, 20)}`);
        found.add(text);
      }
    }
  }
  for (const text of promised) if (!found.has(text)) findings.push(`lost: ${text.slice(0, 20)}`);
  const brokenOff = new Set<number>();
  for (const { text, connection } of server.deliveries.messages.values()) {
    if (!found.has(text)) brokenOff.add(connection);
    else if (brokenOff.has(connection)) findings.push(`after a gap: ${text.slice(0, 20)}`);
  }
  client.destroy();
  const { code } = await process.stop();
  if (code !== 0) findings.push(`the server ended with ${code}`);
  const tables = await Tables.open(dataFolders(data).tables, { readOnly: true });
  findings.push(...tables.check().map(({ message }) => message));
  await tables.close();
  return findings;
}

function promisedTexts({ messages }: DeliveryLedger): ReadonlySet<string> {
  const acknowledged = [...messages.values()].filter(({ isAcknowledged }) => isAcknowledged);
  return new Set(acknowledged.map(({ text }) => text));
}
