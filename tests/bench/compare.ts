/**
 * Throughput of all servers, one after the other in several rounds. On a noisy machine two figures count only as a
 * ratio of runs next to each other in time: every round has each server once, and ratios are taken within a round.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runLoad } from '../../client/load/engine';
import { whole } from '../../client/load/text-format';
import { UsageMeter } from '../../client/load/usage-meter';
import { describeMachine } from './machine';
import type { Machine } from './machine';
import type { ServerUnderTest } from './servers';
import { shapeName } from './shape';
import type { Shape } from './shape';
import { withServer } from './started-server';
import type { StartedServer } from './started-server';

export interface CompareOptions {
  readonly servers: readonly ServerUnderTest[];
  readonly shapes: readonly Shape[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly generatorThreads: number;
}

export interface Measurement {
  readonly shape: string;
  readonly server: string;
  readonly round: number;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly unansweredCount: number;
  readonly serverCpuPercent: number;
  readonly serverRssBytes: number;
  readonly generatorCpuPercent: number;
}

export interface Comparison {
  readonly machine: Machine;
  readonly options: Omit<CompareOptions, 'servers' | 'shapes'>;
  readonly servers: readonly { readonly name: string; readonly description: string }[];
  readonly shapes: readonly string[];
  readonly measurements: readonly Measurement[];
}

const messageBytes = 32;
/** Requests that tell how many a measurement takes: `redis-benchmark` counts requests, not seconds. */
const redisProbeRequests = 20_000;

/** @param tell gets a line for people after each measurement. */
export async function compare(options: CompareOptions, tell: (line: string) => void): Promise<Comparison> {
  const measurements: Measurement[] = [];
  for (const shape of options.shapes) {
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const server of options.servers) {
        const measure = server.sessions === 'redis' ? measureRedis : measureChat;
        const measurement = await withServer(server, (started) => measure(started, shape, round, options));
        measurements.push(measurement);
        const errors = Object.entries(measurement.errors).map(([code, count]) => ` ${code} ${whole(count)}`);
        tell(
          `${shapeName(shape)} round ${round}/${options.rounds} ${server.name}: ` +
            `${whole(measurement.requestsPerSecond)} requests/s${errors.join('')}`,
        );
      }
    }
  }
  const { servers, shapes, ...plain } = options;
  return {
    machine: describeMachine(),
    options: plain,
    servers: servers.map(({ name, description }) => ({ name, description })),
    shapes: shapes.map(shapeName),
    measurements,
  };
}

async function measureChat(
  started: StartedServer,
  shape: Shape,
  round: number,
  options: CompareOptions,
): Promise<Measurement> {
  const meter = new UsageMeter('127.0.0.1', started.port);
  const outcome = await runLoad(
    {
      ...shape,
      host: '127.0.0.1',
      port: started.port,
      workload: 'chat',
      stop: { durationMs: options.seconds * 1_000 },
      warmupMs: options.warmupSeconds * 1_000,
      messageBytes,
      ratePerSecond: 0,
      generatorThreads: options.generatorThreads,
      identities: started.identities,
    },
    {
      onMeasure: () => {
        meter.start();
      },
      onPoint: () => {
        meter.sample();
      },
    },
  );
  const usage = meter.server();
  const hasUsage = !('unavailable' in usage);
  return {
    shape: shapeName(shape),
    server: started.server.name,
    round,
    requestsPerSecond: outcome.requestsPerSecond,
    p50: outcome.latencyMs.p50,
    p99: outcome.latencyMs.p99,
    errors: outcome.errors,
    unansweredCount: outcome.unansweredCount,
    serverCpuPercent: hasUsage ? usage.cpuPercent : NaN,
    serverRssBytes: hasUsage ? usage.rssBytesMax : NaN,
    generatorCpuPercent: meter.generatorCpuPercent(),
  };
}

async function measureRedis(
  started: StartedServer,
  shape: Shape,
  round: number,
  options: CompareOptions,
): Promise<Measurement> {
  const probe = await benchmarkRedis(started.port, shape, redisProbeRequests);
  const requests = Math.ceil(probe.requestsPerSecond * options.seconds);
  const figures = await benchmarkRedis(started.port, shape, requests);
  return {
    shape: shapeName(shape),
    server: started.server.name,
    round,
    ...figures,
    errors: {},
    unansweredCount: 0,
    serverCpuPercent: NaN,
    serverRssBytes: NaN,
    generatorCpuPercent: NaN,
  };
}

async function benchmarkRedis(
  port: number,
  { connections, inFlight }: Shape,
  requests: number,
): Promise<{ requestsPerSecond: number; p50: number; p99: number }> {
  const payload = 'x'.repeat(messageBytes);
  const { stdout } = await promisify(execFile)('redis-benchmark', [
    ...[
      '-p',
      String(port),
      '-c',
      String(connections),
      '-P',
      String(inFlight),
      '-n',
      String(requests),
      '--csv',
    ],
    ...['RPUSH', 'inbox', payload],
  ]);
  // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
  const row = stdout.trim().split('\n').at(-1)!.split('","');
  return { requestsPerSecond: Number(row[1]), p50: Number(row[4]), p99: Number(row[6]) };
}
