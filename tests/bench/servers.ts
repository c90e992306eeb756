/** The servers under test. A row is all it takes to add one. */
import path from 'node:path';

export interface ServerUnderTest {
  readonly name: string;
  /** What it is, in a few words, for the page with the results. */
  readonly description: string;
  /** What to start, with Node or another program, so that it listens on 127.0.0.1:`port`. */
  readonly command: (port: number) => readonly [program: string, ...args: string[]];
  /** `login`: sessions come from `auth` with the demo accounts. `made up`: it answers anything, and knows no sessions. */
  readonly sessions: 'login' | 'made up';
}

/** Threads of every server that has a pool. */
const poolThreads = 2;

const compiledRoot = path.resolve(__dirname, '..', '..');

/** How many threads the product is started with is what one of the scenarios varies. */
export function product(threads = poolThreads): ServerUnderTest {
  const options = ['--threads', String(threads), '--ephemeral'];
  return {
    name: 'benang-memory',
    description: `the product, \`chat-server ${options.join(' ')}\``,
    command: (port) => [
      process.execPath,
      path.join(compiledRoot, 'server', 'main.js'),
      ...options,
      '--port',
      String(port),
    ],
    sessions: 'login',
  };
}

export const plainNet = responder(
  require.resolve('./responders/plain-net'),
  'made up',
  'node:net, one fixed reply a line: the ceiling',
);

export const servers: readonly ServerUnderTest[] = [
  plainNet,
  product(),
  responder(
    require.resolve('./responders/single-thread-maps'),
    'login',
    'one thread, JavaScript maps, nothing on disk',
  ),
  responder(
    require.resolve('./responders/piscina-per-request'),
    'made up',
    `one Piscina run() a request, ${poolThreads} threads, fixed reply`,
  ),
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
