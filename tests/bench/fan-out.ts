/** Deliveries a second in one room, beside a plain server that writes the same frames to as many sockets. */
import { once } from 'node:events';
import path from 'node:path';
import { LineSocket } from '../support/line-socket';
import { prepareUsers } from '../support/prepared-data';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';
import { describeMachine, machineMarkdown } from './machine';
import { markdownTable } from './markdown-table';
import { plainFanOut } from './servers';
import { startChild, withServer } from './started-server';
import { median } from './statistics';

const text = 'anjay lu jago amat, kawan-kawan';
/** The sender writes so many at once, and the next when all of them are answered. */
const sendsInFlight = 16;
const warmupMs = 1_500;
const threads = 2;

export interface FanOut {
  readonly members: number;
  /** Deliveries a second, by round. */
  readonly plain: readonly number[];
  readonly product: readonly number[];
}

/** Both servers in turn, in several rounds. */
export async function fanOut(members: number, seconds: number, rounds: number): Promise<FanOut> {
  const figures = { plain: [] as number[], product: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const nobody = Array.from({ length: members + 1 }, () => 'nobody');
    figures.plain.push(await withServer(plainFanOut, ({ port }) => measure(port, nobody, seconds)));
    figures.product.push(await measureProduct(members, seconds));
  }
  return { members, ...figures };
}

/** With a room of its own: the members of an old one would first be sent all that they have not read. */
async function measureProduct(members: number, seconds: number): Promise<number> {
  const folder = TemporaryFolder.onDisk();
  const data = folder.file('data');
  const tokens = await prepareUsers(data, members + 1, 'everybody');
  const server = await ServerProcess.start(['--threads', String(threads)], { data });
  try {
    return await measure(server.address.port, tokens, seconds);
  } finally {
    await server.stop();
    folder.remove();
  }
}

async function measure(port: number, tokens: readonly string[], seconds: number): Promise<number> {
  const [senderToken, ...readerTokens] = tokens as [string, ...string[]];
  const readers = startChild(
    process.execPath,
    [path.join(__dirname, 'fan-out-readers.js'), String(port)],
    true,
  );
  readers.send(readerTokens.map((token) => `subscribe ${token}\n`));
  await once(readers, 'message');
  const sender = await LineSocket.connect({ host: '127.0.0.1', port });
  const measurement = { isOver: false };
  const sending = (async () => {
    const lines = `send ${senderToken} #everybody ${text}\n`.repeat(sendsInFlight);
    while (!measurement.isOver) {
      sender.write(lines);
      await sender.frames(sendsInFlight);
    }
  })();
  const countAfter = async (delayMs: number): Promise<{ count: number; atMs: number }> => {
    const endMs = performance.now() + delayMs;
    for (;;) {
      const [count] = (await once(readers, 'message')) as [number];
      if (performance.now() >= endMs) return { count, atMs: performance.now() };
    }
  };
  const begin = await countAfter(warmupMs);
  const end = await countAfter(seconds * 1_000);
  measurement.isOver = true;
  await sending;
  sender.destroy();
  readers.kill('SIGKILL');
  return ((end.count - begin.count) / (end.atMs - begin.atMs)) * 1_000;
}

export function fanOutMarkdown({ members, plain, product }: FanOut): string {
  const ratios = product.map((value, round) => value / plain[round]!);
  const row = (name: string, values: readonly number[]): string[] => [
    name,
    String(Math.round(median(values))),
    values.map((value) => String(Math.round(value))).join(', '),
  ];
  return [
    machineMarkdown(describeMachine()),
    `- A room of ${members} connected members, one sender that sends ${sendsInFlight} at a time, every message on disk`,
    '',
    markdownTable(
      ['server', 'deliveries/s', 'by round'],
      [row('plain node:net', plain), row('benang', product)],
    ),
    '',
    `Ratio: ${median(ratios).toFixed(2)} (by round ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}).`,
    '',
  ].join('\n');
}
