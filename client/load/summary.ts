/** The summary of a run for people, as plain text. */
import type { LatencyFigures } from './latency-histogram';
import type { LoadReport } from './load-report';
import { duration, fixed, mebibytes, rate, table, whole } from './text-format';

export function summaryText(report: LoadReport): string {
  const { result, configuration } = report;
  const loop =
    configuration.ratePerSecond > 0
      ? `open loop, ${rate(configuration.ratePerSecond)} requests/s`
      : 'closed loop';
  // The table counts them, for a slow reply is one that tells; the throughput does not.
  const lateCount = result.latencyMs.count - result.requestCount;
  const afterEnd = lateCount > 0 ? `, ${whole(lateCount)} more after it` : '';
  const parts = [
    `${report.target} · ${configuration.workload} · ${whole(configuration.connections)} connections × ` +
      `${configuration.inFlight} in flight · ${configuration.messageBytes} B messages · ${loop}`,
    '',
    `${rate(result.requestsPerSecond)} requests/s   ` +
      `(${whole(result.requestCount)} answered in ${duration(result.measuredMs / 1_000)}${afterEnd})`,
    '',
    latencyTable(report),
    '',
    ...errorLines(report),
    ...usageLines(report),
    ...report.warnings.map((warning) => `! ${warning}`),
  ];
  return `${parts.join('\n')}\n`;
}

function latencyTable(report: LoadReport): string {
  const { latencyMs, latencyMsByCommand } = report.result;
  const row = (name: string, figures: LatencyFigures): string[] => [
    name,
    whole(figures.count),
    ...[figures.mean, figures.p50, figures.p90, figures.p99, figures.p999, figures.max].map(fixed),
  ];
  const byCommand = Object.entries(latencyMsByCommand).map(([name, figures]) => row(name, figures));
  // With one command the line for all would say the same again.
  const isMixed = Object.keys(latencyMsByCommand).filter((name) => name !== 'connect').length > 1;
  return table([
    ['latency, ms', 'count', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max'],
    ...byCommand,
    ...(isMixed ? [row('all', latencyMs)] : []),
  ]);
}

function errorLines(report: LoadReport): string[] {
  const errors = Object.entries(report.result.errors).sort(([, left], [, right]) => right - left);
  if (errors.length === 0) return ['errors     none'];
  return errors.map(
    ([code, count], index) => `${index === 0 ? 'errors' : '      '}     ${code} ${whole(count)}`,
  );
}

function usageLines(report: LoadReport): string[] {
  const { server } = report;
  const ofServer =
    'unavailable' in server
      ? `not available: ${server.unavailable}`
      : `${server.cpuPercent.toFixed(0)} % CPU · ${mebibytes(server.rssBytesMax)} memory at most ` +
        `(${mebibytes(server.rssBytesAtStart)} at the start) · pid ${server.pid}`;
  return [`server     ${ofServer}`, `generator  ${report.generatorCpuPercent.toFixed(0)} % CPU`];
}
