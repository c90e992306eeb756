/** What logins, which are slow on purpose, do to everybody else: quick commands while nobody and while many log in. */
import { runLoad } from '../../client/load/engine';
import type { LoadOutcome } from '../../client/load/engine';
import type { LoadPlan } from '../../client/load/load-plan';
import { fixed, whole } from '../../client/load/text-format';
import { describeMachine, machineMarkdown } from './machine';
import { markdownTable } from './markdown-table';
import type { ServerUnderTest } from './servers';
import { hashRate } from './hash-rate';
import { product } from './servers';
import { median } from './statistics';
import { withServer } from './started-server';
import type { StartedServer } from './started-server';

/** Well below what any of the servers can do: latency is then the server's own, not a queue's. */
const quickRatePerSecond = 1_000;
const quickConnections = 50;
/** One `auth` every 5 ms. */
const stormRatePerSecond = 200;
/** Logins that wait for their reply hold a connection each. */
const stormConnections = 100;
const loginConnections = 16;

export interface LoginStorm {
  readonly server: string;
  readonly quiet: LoadOutcome;
  readonly stormy: LoadOutcome;
  readonly storm: LoadOutcome;
}

/** One round of logins by one thread and by two, and of hashing alone, all next to each other in time. */
export interface LoginRound {
  readonly logins: readonly [byOne: number, byTwo: number];
  readonly hashes: readonly [byOne: number, byTwo: number];
  readonly errors: ErrorCounts;
}

function planFor(started: StartedServer, seconds: number): LoadPlan {
  return {
    host: '127.0.0.1',
    port: started.port,
    workload: 'chat',
    connections: quickConnections,
    inFlight: 1,
    stop: { durationMs: seconds * 1_000 },
    warmupMs: 1_000,
    messageBytes: 32,
    ratePerSecond: quickRatePerSecond,
    generatorThreads: 1,
    identities: started.identities,
  };
}

/** Both loads come from this thread: together they are some 1,200 requests a second, which costs it next to nothing. */
export async function loginStorm(server: ServerUnderTest, seconds: number): Promise<LoginStorm> {
  return withServer(server, async (started) => {
    const quick = planFor(started, seconds);
    const quiet = await runLoad(quick);
    const stormPlan: LoadPlan = {
      ...quick,
      workload: 'login',
      connections: stormConnections,
      ratePerSecond: stormRatePerSecond,
    };
    const [stormy, storm] = await Promise.all([runLoad(quick), runLoad(stormPlan)]);
    return { server: server.name, quiet, stormy, storm };
  });
}

/** As many logins as the server can hash passwords for, with one thread and with two, beside hashing without a server. */
export async function loginRound(seconds: number): Promise<LoginRound> {
  const hashesByOne = await hashRate(1, seconds);
  const byOne = await loginRate(product(1), seconds);
  const hashesByTwo = await hashRate(2, seconds);
  const byTwo = await loginRate(product(2), seconds);
  return {
    logins: [byOne.requestsPerSecond, byTwo.requestsPerSecond],
    hashes: [hashesByOne, hashesByTwo],
    errors: total([byOne.errors, byTwo.errors]),
  };
}

/** Closed loop. */
function loginRate(server: ServerUnderTest, seconds: number): Promise<LoadOutcome> {
  return withServer(server, (started) =>
    runLoad({
      ...planFor(started, seconds),
      workload: 'login',
      connections: loginConnections,
      ratePerSecond: 0,
    }),
  );
}

export function loginStormMarkdown(storms: readonly LoginStorm[], rounds: readonly LoginRound[]): string {
  const stormRows = storms.flatMap((storm) =>
    (['quiet', 'stormy'] as const).map((weather) => {
      const { latencyMs, errors } = storm[weather];
      const logins = weather === 'quiet' ? '0' : fixed(storm.storm.requestsPerSecond);
      const figures = [latencyMs.p50, latencyMs.p99, latencyMs.p999, latencyMs.max].map(fixed);
      return [storm.server, logins, ...figures, errorText(errors)];
    }),
  );
  const rateRows = (['logins', 'hashes'] as const).map((what) => [
    what === 'logins' ? 'logins' : 'hashing alone, no server',
    ...[0, 1].map((threads) => fixed(median(rounds.map((round) => round[what][threads]!)))),
    median(rounds.map(({ [what]: [byOne, byTwo] }) => byTwo / byOne)).toFixed(2),
    rounds.map(({ [what]: [byOne, byTwo] }) => (byTwo / byOne).toFixed(2)).join(', '),
    what === 'logins' ? errorText(total(rounds.map(({ errors }) => errors))) : 'none',
  ]);
  return [
    machineMarkdown(describeMachine()),
    `- Quick commands: 15 \`send\` to 1 \`inbox\`, open loop, ${whole(quickRatePerSecond)} requests/s over ` +
      `${quickConnections} connections; the storm: one \`auth\` every ${1_000 / stormRatePerSecond} ms`,
    '',
    markdownTable(['server', 'logins/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'errors'], stormRows),
    '',
    `Logins in a closed loop of ${loginConnections} connections, and the same hashing without a server; medians:`,
    '',
    markdownTable(['', '1 thread', '2 threads', 'growth', 'by round', 'errors'], rateRows),
    '',
  ].join('\n');
}

type ErrorCounts = Readonly<Record<string, number>>;

function total(counts: readonly ErrorCounts[]): ErrorCounts {
  const sums: Record<string, number> = {};
  for (const [code, count] of counts.flatMap((each) => Object.entries(each)))
    sums[code] = (sums[code] ?? 0) + count;
  return sums;
}

function errorText(errors: ErrorCounts): string {
  const entries = Object.entries(errors).map(([code, count]) => `${whole(count)} ${code}`);
  return entries.length === 0 ? 'none' : entries.join(', ');
}
