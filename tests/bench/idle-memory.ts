/** What an idle connection costs a server: resident memory before and after opening many of them. */
import { once } from 'node:events';
import { readProcessUsage } from '../../client/load/server-process';
import { mebibytes, whole } from '../../client/load/text-format';
import { describeMachine, machineMarkdown } from './machine';
import { markdownTable } from './markdown-table';
import type { ServerUnderTest } from './servers';
import { startChild, stopChild, withServer } from './started-server';
import type { StartedServer } from './started-server';

/** Memory counts as settled when two readings this far apart differ by less than a part in a hundred. */
const settleIntervalMs = 500;
const settleReadingsMax = 20;

export interface IdleMemory {
  readonly server: string;
  readonly connections: number;
  readonly rssBytesBefore: number;
  readonly rssBytesAfter: number;
  readonly bytesPerConnection: number;
}

/** What the child process that holds the connections says. */
export type HolderMessage = { readonly openedCount: number } | { readonly failure: string };

export async function idleMemory(
  servers: readonly ServerUnderTest[],
  connections: number,
): Promise<IdleMemory[]> {
  const results: IdleMemory[] = [];
  for (const server of servers) {
    results.push(await withServer(server, (started) => measureIdle(started, connections)));
  }
  return results;
}

async function measureIdle(started: StartedServer, connections: number): Promise<IdleMemory> {
  const rssBytesBefore = await settledRssBytes(started.pid);
  const holder = startChild(
    process.execPath,
    [require.resolve('./idle-holder'), String(started.port), String(connections)],
    true,
  );
  try {
    const [message] = (await Promise.race([
      once(holder, 'message'),
      once(holder, 'exit').then(() => [{ failure: 'the process that opens them ended' }]),
    ])) as [HolderMessage];
    if ('failure' in message)
      throw new Error(`${connections} connections to ${started.server.name}: ${message.failure}`);
    const rssBytesAfter = await settledRssBytes(started.pid);
    return {
      server: started.server.name,
      connections,
      rssBytesBefore,
      rssBytesAfter,
      bytesPerConnection: (rssBytesAfter - rssBytesBefore) / connections,
    };
  } finally {
    await stopChild(holder);
  }
}

/** Waits until the garbage collector and the allocator have come to rest, as far as they do. */
async function settledRssBytes(pid: number): Promise<number> {
  let last = 0;
  for (let reading = 0; reading < settleReadingsMax; reading += 1) {
    const rssBytes = readProcessUsage(pid)?.rssBytes;
    if (rssBytes === undefined) throw new Error(`process ${pid} ended, or this is not Linux`);
    if (Math.abs(rssBytes - last) < rssBytes / 100) return rssBytes;
    last = rssBytes;
    await new Promise((resolve) => setTimeout(resolve, settleIntervalMs));
  }
  return last;
}

export function idleMemoryMarkdown(results: readonly IdleMemory[]): string {
  const rows = results.map((result) => [
    result.server,
    whole(result.connections),
    mebibytes(result.rssBytesBefore),
    mebibytes(result.rssBytesAfter),
    `${whole(result.bytesPerConnection)} B`,
  ]);
  const head = ['server', 'idle connections', 'memory before', 'memory after', 'a connection'];
  return `${machineMarkdown(describeMachine())}\n\n${markdownTable(head, rows)}\n`;
}
