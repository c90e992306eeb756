/**
 * Throughput of all servers, one after the other in several rounds. On a noisy machine two figures count only as a
 * ratio of runs next to each other in time: every round has each server once, and ratios are taken within a round. The
 * servers of a shape stay up for all its rounds, and idle while others are measured; the first round only warms them.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runLoad } from '../../client/load/engine';
import { whole } from '../../client/load/text-format';
import { UsageMeter } from '../../client/load/usage-meter';
import { describeMachine } from './machine';
import type { Machine } from './machine';
import { loadRedis, type RedisFigures } from './redis-load';
import type { ServerUnderTest } from './servers';
import { shapeName } from './shape';
import type { Shape } from './shape';
import { withServers } from './started-server';
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
const payload = 'x'.repeat(messageBytes);
/** Requests that tell how many a measurement takes: `redis-benchmark` counts requests, not seconds. */
const redisProbeRequests = 20_000;

/** @param tell gets a line for people after each measurement. */
export async function compare(options: CompareOptions, tell: (line: string) => void): Promise<Comparison> {
  const measurements: Measurement[] = [];
  for (const shape of options.shapes) {
    await withServers(options.servers, async (startedServers) => {
      for (let round = 0; round <= options.rounds; round += 1) {
        for (const started of startedServers) {
          const measurement = await measureOf(started)(started, shape, round, options);
          await started.settle();
          if (round === 0) continue;
          measurements.push(measurement);
          tell(progressLine(measurement, options.rounds));
        }
      }
    });
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

function progressLine(
  { shape, round, server, requestsPerSecond, errors }: Measurement,
  rounds: number,
): string {
  const errorCounts = Object.entries(errors).map(([code, count]) => ` ${code} ${whole(count)}`);
  return `${shape} round ${round}/${rounds} ${server}: ${whole(requestsPerSecond)} requests/s${errorCounts.join('')}`;
}

type Measure = (
  started: StartedServer,
  shape: Shape,
  round: number,
  options: CompareOptions,
) => Promise<Measurement>;

function measureOf({ server: { sessions } }: StartedServer): Measure {
  if (sessions === 'redis') return measureRedis;
  return sessions === 'redis-benchmark' ? measureByRedisBenchmark : measureChat;
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
  { warmupSeconds, seconds }: CompareOptions,
): Promise<Measurement> {
  const figures = await loadRedis(started.port, shape, payload, warmupSeconds * 1_000, seconds * 1_000);
  return redisMeasurement(started, shape, round, figures);
}

async function measureByRedisBenchmark(
  started: StartedServer,
  shape: Shape,
  round: number,
  options: CompareOptions,
): Promise<Measurement> {
  const probe = await benchmarkRedis(started.port, shape, redisProbeRequests);
  const requests = Math.ceil(probe.requestsPerSecond * options.seconds);
  return redisMeasurement(started, shape, round, await benchmarkRedis(started.port, shape, requests));
}

function redisMeasurement(
  started: StartedServer,
  shape: Shape,
  round: number,
  figures: RedisFigures,
): Measurement {
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
): Promise<RedisFigures> {
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
