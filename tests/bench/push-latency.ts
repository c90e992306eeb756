/** How long a message takes to reach a subscriber, beside how long its `send` takes: every message on disk first. */
import { LiveClient } from '../support/live-client';
import { prepareUsers } from '../support/prepared-data';
import { RandomNumbers } from '../support/random-numbers';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';
import { describeMachine, machineMarkdown } from './machine';
import { markdownTable } from './markdown-table';

const senderCount = 20;
const sendsPerTick = 5;
const tickMs = 5;
const warmupMs = 2_000;
const threads = 2;

export interface PushLatency {
  readonly subscribers: number;
  readonly messages: number;
  readonly sendMs: readonly number[];
  readonly pushMs: readonly number[];
}

/** 1,000 sends a second, open loop: of random users to random subscribers. */
export async function pushLatency(subscribers: number, seconds: number): Promise<PushLatency> {
  const folder = TemporaryFolder.onDisk();
  const data = folder.file('data');
  const tokens = await prepareUsers(data, subscribers);
  const server = await ServerProcess.start(['--threads', String(threads)], { data });
  try {
    return await measure(server, tokens, seconds);
  } finally {
    await server.stop();
    folder.remove();
  }
}

async function measure(
  server: ServerProcess,
  tokens: readonly string[],
  seconds: number,
): Promise<PushLatency> {
  const sendMs: number[] = [];
  const pushMs: number[] = [];
  const sentAtMs: number[] = [];
  // A whole number for every sender.
  const ticks = Math.ceil((warmupMs + seconds * 1_000) / tickMs);
  const sendCount = Math.ceil((ticks * sendsPerTick) / senderCount) * senderCount;
  const firstCounted = performance.now() + warmupMs;
  const receivers = await Promise.all(
    tokens.map(async (token) => {
      const client = await LiveClient.connect(server.address);
      await client.ask(`subscribe ${token}`);
      return client;
    }),
  );
  const receiving = receivers.map(async (client) => {
    for (;;) {
      const event = await client.event();
      if (event['event'] === 'restart') return;
      if (event['event'] !== 'message') continue;
      const sentMs = sentAtMs[Number(event['msg'])]!;
      if (sentMs >= firstCounted) pushMs.push(performance.now() - sentMs);
    }
  });
  const senders = await Promise.all(
    Array.from({ length: senderCount }, () => LiveClient.connect(server.address)),
  );
  const random = new RandomNumbers(1);
  // Sends are dealt out in turn, so the replies of one sender are those of every `senderCount`-th send.
  const replies = senders.map(async (sender, first) => {
    for (let number = first; number < sendCount; number += senderCount) {
      const { status } = await sender.reply();
      if (status !== 'OK') throw new Error(`send ${number} was refused`);
      const sentMs = sentAtMs[number]!;
      if (sentMs >= firstCounted) sendMs.push(performance.now() - sentMs);
    }
  });
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      for (let count = 0; count < sendsPerTick && sentAtMs.length < sendCount; count += 1) {
        const number = sentAtMs.push(performance.now()) - 1;
        const line = `send ${random.of(tokens)} user${1 + random.below(tokens.length)} ${number}\n`;
        senders[number % senderCount]!.socket.write(line);
      }
      if (sentAtMs.length < sendCount) return;
      clearInterval(timer);
      resolve();
    }, tickMs);
  });
  await Promise.all(replies);
  server.signal('SIGTERM');
  await Promise.all(receiving);
  for (const client of [...receivers, ...senders]) client.socket.destroy();
  return { subscribers: tokens.length, messages: sendMs.length, sendMs, pushMs };
}

export function pushLatencyMarkdown({ subscribers, messages, sendMs, pushMs }: PushLatency): string {
  const at = (values: readonly number[], share: number): number =>
    [...values].sort((left, right) => left - right)[Math.ceil(values.length * share) - 1]!;
  const row = (what: string, values: readonly number[]): string[] => [
    what,
    ...[0.5, 0.99, 1].map((share) => at(values, share).toFixed(2)),
  ];
  const ratio = at(pushMs, 0.99) / at(sendMs, 0.99);
  return [
    machineMarkdown(describeMachine()),
    `- ${subscribers} subscribers, ${messages} sends at ${(sendsPerTick * 1_000) / tickMs} a second, every OK on disk`,
    '',
    markdownTable(
      ['from writing the request', 'p50 ms', 'p99 ms', 'max ms'],
      [row('to its OK', sendMs), row('to the subscriber’s frame', pushMs)],
    ),
    '',
    `p99 of the push is ${ratio.toFixed(2)} times that of the OK; ${pushMs.length} of ${messages} were pushed.`,
    '',
  ].join('\n');
}
