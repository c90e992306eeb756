/** What a load test does, as plain data: it crosses to generator threads by structured clone. */
import type { TlsOptions } from '../start-socket';

/** Everything that is timed. `connect` is the opening of a connection: timed, but not counted as a request. */
export const commands = ['send', 'inbox', 'auth', 'ping', 'connect'] as const;
export type Command = (typeof commands)[number];

export const workloads = ['chat', 'send', 'login', 'churn'] as const;
export type Workload = (typeof workloads)[number];

/** The position of a command in `commands`: what the hot path carries around in place of a name. */
export function commandIndex(command: Command): number {
  return commands.indexOf(command);
}

/** An account that requests are made for. `token` is empty for workloads that use none. */
export interface Identity {
  readonly username: string;
  readonly password: string;
  readonly token: string;
}

/** A run ends after a time, or after a number of answered requests. */
export type StopCondition = { readonly durationMs: number } | { readonly requests: number };

export interface LoadPlan {
  readonly host: string;
  readonly port: number;
  /** Undefined for plain text. */
  readonly tls?: TlsOptions | undefined;
  readonly workload: Workload;
  readonly connections: number;
  /** Requests written and not yet answered, at most, for each connection. */
  readonly inFlight: number;
  readonly stop: StopCondition;
  /** What is answered in this time is not counted. Ignored where the run ends after a number of requests. */
  readonly warmupMs: number;
  readonly messageBytes: number;
  /** Open loop: requests a second over all connections. 0: closed loop, as fast as answers come. */
  readonly ratePerSecond: number;
  readonly generatorThreads: number;
  /** At least one. Connections take them in turn. */
  readonly identities: readonly Identity[];
}

/** One generator's part of a plan. */
export interface GeneratorPlan extends LoadPlan {
  /** The number of this generator's first connection among all: it decides account and phase of the workload. */
  readonly firstConnection: number;
}

/** How long one sample of the time series lasts: about a hundred samples a run, and never coarser than a second. */
export function sampleIntervalMs(stop: StopCondition): number {
  if ('requests' in stop) return 200;
  return Math.min(1_000, Math.max(100, stop.durationMs / 100));
}

/**
 * Deals connections, rate and requests out to generators, as evenly as whole numbers allow; the parts add up to the
 * plan. There are never more generators than connections, nor than requests.
 */
export function splitPlan(plan: LoadPlan): GeneratorPlan[] {
  const requests = 'requests' in plan.stop ? plan.stop.requests : Infinity;
  const generators = Math.max(1, Math.min(plan.generatorThreads, plan.connections, requests));
  let firstConnection = 0;
  return Array.from({ length: generators }, (_, index) => {
    const connections = evenShare(plan.connections, generators, index);
    const part: GeneratorPlan = {
      ...plan,
      connections,
      firstConnection,
      ratePerSecond: plan.ratePerSecond / generators,
      stop: 'requests' in plan.stop ? { requests: evenShare(requests, generators, index) } : plan.stop,
    };
    firstConnection += connections;
    return part;
  });
}

function evenShare(total: number, shares: number, index: number): number {
  return Math.floor(total / shares) + (index < total % shares ? 1 : 0);
}
