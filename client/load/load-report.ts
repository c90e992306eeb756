/** Everything there is to tell about a finished run, as one plain object: what `--json` prints and pages show. */
import { cpus } from 'node:os';
import { formatAddress } from '../address';
import type { LoadOutcome } from './engine';
import type { LoadPlan } from './load-plan';
import { whole } from './text-format';
import type { ServerUsage, UsageMeter } from './usage-meter';

export interface LoadReport {
  readonly tool: string;
  readonly target: string;
  readonly startedAt: string;
  readonly configuration: Omit<LoadPlan, 'host' | 'port' | 'identities'> & { readonly accounts: number };
  readonly machine: {
    readonly node: string;
    readonly platform: string;
    readonly cpu: string;
    readonly cpus: number;
  };
  readonly result: LoadOutcome;
  readonly server: ServerUsage;
  readonly generatorCpuPercent: number;
  /** Sentences about what makes these figures doubtful. Empty for a clean run. */
  readonly warnings: readonly string[];
  /** False where the exit code is to be 1. */
  readonly isClean: boolean;
}

export function makeReport(
  version: string,
  plan: LoadPlan,
  startedAt: Date,
  result: LoadOutcome,
  meter: UsageMeter,
): LoadReport {
  const { host, port, identities, ...configuration } = plan;
  const generatorCpuPercent = meter.generatorCpuPercent();
  const failures = failuresOf(result);
  const warnings = [...failures, ...doubtsOf(plan, result, generatorCpuPercent)];
  const processors = cpus();
  return {
    tool: `chat-load ${version}`,
    target: formatAddress({ host, port }),
    startedAt: startedAt.toISOString(),
    configuration: { ...configuration, accounts: identities.length },
    machine: {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpu: processors[0]?.model.trim() ?? 'unknown',
      cpus: processors.length,
    },
    result,
    server: meter.server(),
    generatorCpuPercent,
    warnings,
    isClean: failures.length === 0,
  };
}

/** What makes the exit code 1. */
function failuresOf(result: LoadOutcome): string[] {
  const failures: string[] = [];
  const errorCount = Object.values(result.errors).reduce((total, count) => total + count, 0);
  if (errorCount > 0) {
    failures.push(
      `${whole(errorCount)} errors, see their codes: error replies are counted as requests, failed connections are not.`,
    );
  }
  if (result.connectionsLostCount > 0) failures.push(`${result.connectionsLostCount} connections were lost.`);
  if (result.unansweredCount > 0) {
    failures.push(`${whole(result.unansweredCount)} requests were not answered within 2 s after the end.`);
  }
  if (result.reason === 'no replies') failures.push('The server stopped answering; the run was ended.');
  if (result.reason === 'connections lost') failures.push('Every connection was lost; the run was ended.');
  if (result.requestCount === 0) failures.push('No request was answered in the time measured.');
  return failures;
}

function doubtsOf(plan: LoadPlan, result: LoadOutcome, generatorCpuPercent: number): string[] {
  const doubts: string[] = [];
  if (result.reason === 'stopped') doubts.push('Ended early by a signal.');
  if (result.unsentCount > 0) {
    doubts.push(
      `${whole(result.unsentCount)} requests were due and never sent: the server did not keep up with the rate, or ` +
        'there were too few connections. Their latency is missing from these figures.',
    );
  }
  const threads = Math.min(plan.generatorThreads, plan.connections);
  if (generatorCpuPercent > 90 * threads) {
    doubts.push('The generator was busy all the time and may be the limit: try --generator-threads.');
  }
  return doubts;
}
