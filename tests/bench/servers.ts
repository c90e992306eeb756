/** The servers under test. A row is all it takes to add one. */
import { existsSync } from 'node:fs';
import path from 'node:path';

export interface ServerUnderTest {
  readonly name: string;
  /** What it is, in a few words, for the page with the results. */
  readonly description: string;
  /**
   * What to start, with Node or another program, so that it listens on 127.0.0.1:`port`. `folder` is empty, on disk,
   * and removed afterwards.
   */
  readonly command: (port: number, folder: string) => readonly [program: string, ...args: string[]];
  /**
   * `login`: sessions come from `auth` with the demo accounts. `made up`: it answers anything, and knows no sessions.
   * `redis`: it speaks another protocol, and so does its load; `redis-benchmark`: that program makes the load.
   */
  readonly sessions: 'login' | 'made up' | 'redis' | 'redis-benchmark';
}

/** Threads of every server that has a pool. */
const poolThreads = 2;

/** Where Debian's package puts it. Without it the comparison goes without Redis. */
const redisProgram = '/usr/bin/redis-server';

const compiledRoot = path.resolve(__dirname, '..', '..');

/** How many threads the product is started with is what one of the scenarios varies. */
export function product(threads = poolThreads): ServerUnderTest {
  return benang('benang-memory', ['--threads', String(threads), '--ephemeral'], () => []);
}

/** The product as it comes: every OK is on disk. */
export const durableProduct = benang('benang-durable', ['--threads', String(poolThreads)], (folder) => [
  '--data',
  folder,
]);

function benang(name: string, options: string[], dataOptions: (folder: string) => string[]): ServerUnderTest {
  const main = path.join(compiledRoot, 'server', 'main.js');
  return {
    name,
    description: `the product, \`chat-server ${options.join(' ')}\``,
    command: (port, folder) => [
      process.execPath,
      main,
      ...options,
      ...dataOptions(folder),
      '--port',
      String(port),
    ],
    sessions: 'login',
  };
}

const redis: ServerUnderTest = {
  name: 'redis',
  description:
    'Redis, `appendfsync always`, `RPUSH` of the same payload, by a generator in Node like that of the others',
  command: (port, folder) => [
    redisProgram,
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--auto-aof-rewrite-percentage', '0'],
  ],
  sessions: 'redis',
};

const redisByItsBenchmark: ServerUnderTest = {
  ...redis,
  name: 'redis-benchmark',
  description: 'the same Redis, by `redis-benchmark`, which is C',
  sessions: 'redis-benchmark',
};

/** For rooms: not among those that are compared by default. */
export const plainFanOut = responder(
  require.resolve('./responders/plain-fan-out'),
  'made up',
  'node:net, every line to all other sockets',
);

export const plainNet = responder(
  require.resolve('./responders/plain-net'),
  'made up',
  'node:net, one fixed reply a line: the ceiling',
);

const piscinaPerRequest = responder(
  require.resolve('./responders/piscina-per-request'),
  'made up',
  `one Piscina run() a request, ${poolThreads} threads, fixed reply`,
);

export const servers: readonly ServerUnderTest[] = [
  plainNet,
  product(),
  durableProduct,
  ...(existsSync(redisProgram) ? [redis, redisByItsBenchmark] : []),
  responder(
    require.resolve('./responders/single-thread-maps'),
    'login',
    'one thread, JavaScript maps, nothing on disk',
  ),
  piscinaPerRequest,
  {
    ...piscinaPerRequest,
    name: 'piscina-per-request-16',
    description: 'the same with `concurrentTasksPerWorker: 16`',
    command: (port, folder) => [...piscinaPerRequest.command(port, folder), '16'],
  },
];

/** @param file of the compiled responder, which is named after its file. */
function responder(
  file: string,
  sessions: ServerUnderTest['sessions'],
  description: string,
): ServerUnderTest {
  return {
    name: path.basename(file, '.js'),
    description,
    command: (port) => [process.execPath, file, String(port), String(poolThreads)],
    sessions,
  };
}
