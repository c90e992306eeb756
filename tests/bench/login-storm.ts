/** What logins, which are slow on purpose, do to everybody else: quick commands while nobody and while many log in. */
import { runLoad } from '../../client/load/engine';
import type { LoadOutcome } from '../../client/load/engine';
import type { LoadPlan } from '../../client/load/load-plan';
import { fixed, whole } from '../../client/load/text-format';
import { describeMachine, machineMarkdown } from './machine';
import { markdownTable } from './markdown-table';
import type { ServerUnderTest } from './servers';
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

export interface LoginRate {
  readonly server: string;
  readonly threads: number;
  readonly logins: LoadOutcome;
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

/** Closed loop: as many logins as the server's threads can hash passwords for. */
export async function loginRate(
  server: ServerUnderTest,
  threads: number,
  seconds: number,
): Promise<LoginRate> {
  return withServer(server, async (started) => {
    const logins = await runLoad({
      ...planFor(started, seconds),
      workload: 'login',
      connections: loginConnections,
      ratePerSecond: 0,
    });
    return { server: server.name, threads, logins };
  });
}

export function loginStormMarkdown(storms: readonly LoginStorm[], rates: readonly LoginRate[]): string {
  const stormRows = storms.flatMap((storm) =>
    (['quiet', 'stormy'] as const).map((weather) => {
      const { latencyMs, errors } = storm[weather];
      const logins = weather === 'quiet' ? '0' : fixed(storm.storm.requestsPerSecond);
      const figures = [latencyMs.p50, latencyMs.p99, latencyMs.p999, latencyMs.max].map(fixed);
      return [storm.server, logins, ...figures, errorText(errors)];
    }),
  );
  const rateRows = rates.map((rate) => [
    rate.server,
    String(rate.threads),
    fixed(rate.logins.requestsPerSecond),
    fixed(rate.logins.latencyMs.p50),
    errorText(rate.logins.errors),
  ]);
  return [
    machineMarkdown(describeMachine()),
    `- Quick commands: 15 \`send\` to 1 \`inbox\`, open loop, ${whole(quickRatePerSecond)} requests/s over ` +
      `${quickConnections} connections; the storm: one \`auth\` every ${1_000 / stormRatePerSecond} ms`,
    '',
    markdownTable(['server', 'logins/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'errors'], stormRows),
    '',
    `Logins in a closed loop of ${loginConnections} connections:`,
    '',
    markdownTable(['server', 'threads', 'logins/s', 'p50 ms', 'errors'], rateRows),
    '',
  ].join('\n');
}

function errorText(errors: Readonly<Record<string, number>>): string {
  const entries = Object.entries(errors).map(([code, count]) => `${whole(count)} ${code}`);
  return entries.length === 0 ? 'none' : entries.join(', ');
}
