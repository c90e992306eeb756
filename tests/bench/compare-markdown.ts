/** The comparison as a page ready for docs/BENCHMARKS.md. */
import { fixed, whole } from '../../client/load/text-format';
import type { Comparison, Measurement } from './compare';
import { machineMarkdown } from './machine';
import { markdownTable } from './markdown-table';
import { median } from './statistics';

export function comparisonMarkdown(comparison: Comparison): string {
  const { options } = comparison;
  const parts = [
    machineMarkdown(comparison.machine),
    `- Workload: 15 \`send\` of 32 B to 1 \`inbox\`; closed loop; ${options.rounds} rounds of ${options.seconds} s after ` +
      `${options.warmupSeconds} s of warm-up; every round has each server once, after one that only warms them`,
    `- Ratios are medians of the ratios within each round; latencies are medians of the rounds`,
    ...comparison.servers.map((server) => `- \`${server.name}\`: ${server.description}`),
    ...comparison.shapes.flatMap((shape) => ['', heading(shape), '', shapeTable(comparison, shape)]),
    ...errorNotes(comparison),
  ];
  return `${parts.join('\n')}\n`;
}

function heading(shape: string): string {
  const [connections, inFlight] = shape.split('x');
  return `### ${connections} connections, ${inFlight} in flight each`;
}

function shapeTable(comparison: Comparison, shape: string): string {
  const names = comparison.servers.map((server) => server.name);
  const of = (name: string): Measurement[] =>
    comparison.measurements.filter((entry) => entry.shape === shape && entry.server === name);
  const rows = names.map((name) => {
    const rounds = of(name);
    const rates = rounds.map((entry) => entry.requestsPerSecond);
    const middle = (pick: (entry: Measurement) => number): number => median(rounds.map(pick));
    return [
      name,
      whole(median(rates)),
      `${whole(Math.min(...rates))}–${whole(Math.max(...rates))}`,
      ...names.map((other) => (other === name ? '1' : ratio(rounds, of(other)).toFixed(2))),
      fixed(middle((entry) => entry.p50)),
      fixed(middle((entry) => entry.p99)),
      wholeOrNothing(middle((entry) => entry.serverCpuPercent)),
      wholeOrNothing(middle((entry) => entry.serverRssBytes) / 2 ** 20),
    ];
  });
  return markdownTable(
    [
      'server',
      'requests/s',
      'min–max',
      ...names.map((name) => `÷ ${name}`),
      'p50 ms',
      'p99 ms',
      'CPU %',
      'MiB',
    ],
    rows,
  );
}

/** Both have the same rounds in the same order. */
function ratio(rounds: readonly Measurement[], others: readonly Measurement[]): number {
  return median(rounds.map((entry, index) => entry.requestsPerSecond / others[index]!.requestsPerSecond));
}

/** A figure of a server that answered with errors is no figure: that has to be seen. */
function errorNotes(comparison: Comparison): string[] {
  const notes = comparison.measurements.flatMap((entry) => {
    const errors = Object.entries(entry.errors).map(([code, count]) => `${whole(count)} ${code}`);
    if (entry.unansweredCount > 0) errors.push(`${whole(entry.unansweredCount)} unanswered`);
    if (errors.length === 0) return [];
    return [`- **not clean**: ${entry.server}, ${entry.shape}, round ${entry.round}: ${errors.join(', ')}`];
  });
  return notes.length === 0 ? [] : ['', ...notes];
}

/** Some figures are not to be had of a server that another program loads. */
function wholeOrNothing(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(0);
}
