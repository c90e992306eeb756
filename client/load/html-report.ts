/** A finished run as one web page that needs nothing else: charts, figures and configuration in one file. */
import { readChartLibrary } from './chart-library';
import { chartScript, pageStyle } from './html-report-assets';
import type { LatencyFigures } from './latency-histogram';
import type { LoadReport } from './load-report';
import { duration, fixed, mebibytes, milliseconds, rate, whole } from './text-format';

export function htmlReport(report: LoadReport): string {
  const library = readChartLibrary();
  const { result } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Load test of ${escapeHtml(report.target)}</title>
<style>${library.style}</style>
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>Load test of ${escapeHtml(report.target)}</h1>
<p>${escapeHtml(subtitle(report))}</p>
</header>
<main>
<section class="tiles">${tiles(report)}</section>
${warnings(report)}
<section class="charts">
${chart('throughput', 'Throughput', 'requests answered each second')}
${chart('latency', 'Latency over time', 'milliseconds, logarithmic')}
${chart('distribution', 'Latency distribution', 'requests in each band of latency')}
${chart('percentiles', 'Latency by percentile', 'this share of requests took at most so long')}
${'unavailable' in report.server ? '' : chart('cpu', 'Server processor time', '100 % is one processor fully busy')}
${'unavailable' in report.server ? '' : chart('memory', 'Server memory', 'resident set')}
</section>
<section class="tables">
<div class="card"><h2>Latency, ms</h2>${latencyTable(report)}</div>
<div class="card"><h2>Errors</h2>${errorTable(result.errors)}</div>
<div class="card"><h2>Configuration</h2>${facts(configurationFacts(report))}</div>
</section>
</main>
<footer>${escapeHtml(report.tool)} · ${escapeHtml(report.startedAt)}</footer>
<script type="application/json" id="report">${embeddedJson(report)}</script>
<script>${library.script}</script>
<script>${chartScript}</script>
</body>
</html>
`;
}

function subtitle(report: LoadReport): string {
  const { configuration } = report;
  const loop =
    configuration.ratePerSecond > 0
      ? `open loop at ${rate(configuration.ratePerSecond)} requests/s`
      : 'closed loop';
  return (
    `${configuration.workload} workload · ${whole(configuration.connections)} connections × ` +
    `${configuration.inFlight} in flight · ${loop} · measured for ${duration(report.result.measuredMs / 1_000)}`
  );
}

function tiles(report: LoadReport): string {
  const { result, server } = report;
  const errorCount = Object.values(result.errors).reduce((total, count) => total + count, 0);
  const entries: [string, string, string][] = [
    ['Throughput', rate(result.requestsPerSecond), 'requests/s'],
    ['Median latency', milliseconds(result.latencyMs.p50), 'p50'],
    ['Slowest 1 %', milliseconds(result.latencyMs.p99), 'p99'],
    ['Errors', whole(errorCount), `of ${whole(result.latencyMs.count)} requests`],
  ];
  if (!('unavailable' in server)) {
    entries.push([
      'Server',
      `${server.cpuPercent.toFixed(0)} % CPU`,
      `${mebibytes(server.rssBytesMax)} at most`,
    ]);
  }
  return entries
    .map(
      ([name, figure, note]) =>
        `<div class="tile${name === 'Errors' && errorCount > 0 ? ' bad' : ''}">` +
        `<span>${name}</span><b>${escapeHtml(figure)}</b><small>${escapeHtml(note)}</small></div>`,
    )
    .join('');
}

function warnings(report: LoadReport): string {
  if (report.warnings.length === 0) return '';
  const items = report.warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`).join('');
  return `<section class="warnings"><ul>${items}</ul></section>`;
}

function chart(id: string, title: string, note: string): string {
  return `<div class="card"><h2>${title} <small>${note}</small></h2><div class="chart" id="${id}"></div></div>`;
}

function latencyTable(report: LoadReport): string {
  const { latencyMs, latencyMsByCommand } = report.result;
  const row = (name: string, figures: LatencyFigures): string => {
    const values = [figures.mean, figures.p50, figures.p90, figures.p99, figures.p999, figures.max].map(
      fixed,
    );
    const cells = [whole(figures.count), ...values].map((value) => `<td>${value}</td>`).join('');
    return `<tr><th>${name}</th>${cells}</tr>`;
  };
  const head = ['', 'count', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max']
    .map((name) => `<th>${name}</th>`)
    .join('');
  const body = Object.entries(latencyMsByCommand).map(([name, figures]) => row(name, figures));
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join('')}${row('all requests', latencyMs)}</tbody></table>`;
}

function errorTable(errors: Readonly<Record<string, number>>): string {
  const entries = Object.entries(errors).sort(([, left], [, right]) => right - left);
  if (entries.length === 0) return '<p>None.</p>';
  return pairs(entries.map(([code, count]) => [code, whole(count)]));
}

function configurationFacts(report: LoadReport): [string, string][] {
  const { configuration, machine, server } = report;
  const { stop } = configuration;
  return [
    ['target', report.target],
    ['workload', configuration.workload],
    ['connections', whole(configuration.connections)],
    ['in flight, each', whole(configuration.inFlight)],
    [
      'rate',
      configuration.ratePerSecond > 0 ? `${rate(configuration.ratePerSecond)} /s` : 'as fast as possible',
    ],
    [
      'ends after',
      'requests' in stop ? `${whole(stop.requests)} requests` : duration(stop.durationMs / 1_000),
    ],
    ['warm-up', duration(configuration.warmupMs / 1_000)],
    ['message', `${configuration.messageBytes} B`],
    ['accounts', whole(configuration.accounts)],
    ['generator threads', whole(configuration.generatorThreads)],
    ['generator', `${report.generatorCpuPercent.toFixed(0)} % CPU`],
    ['server', 'unavailable' in server ? server.unavailable : `pid ${server.pid}`],
    ['Node.js', `${machine.node}, ${machine.platform}`],
    ['machine', `${machine.cpus} × ${machine.cpu}`],
    ['started', report.startedAt],
  ];
}

function pairs(entries: readonly (readonly [string, string])[]): string {
  const rows = entries.map(
    ([key, value]) => `<tr><th>${escapeHtml(key)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<table class="pairs"><tbody>${rows.join('')}</tbody></table>`;
}

function facts(entries: readonly (readonly [string, string])[]): string {
  const items = entries.map(
    ([key, value]) => `<div><dt>${escapeHtml(key)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<dl class="facts">${items.join('')}</dl>`;
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** JSON that cannot end the script element it stands in. */
function embeddedJson(value: unknown): string {
  return JSON.stringify(value).replace(/</g, '\\u003c');
}
