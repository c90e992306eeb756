/** Style and script of the report page: they run in a browser, so they are text here. */

export const pageStyle = `
:root {
  --ground: #f6f7f9; --card: #ffffff; --ink: #1b2130; --muted: #667085; --rule: #e4e7ec;
  --blue: #2f6fde; --teal: #0f9d8f; --amber: #d97706; --red: #d6336c; --violet: #7c56d9;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12151c; --card: #1b202a; --ink: #e8ebf1; --muted: #98a2b3; --rule: #2d3441;
    --blue: #6ea0ff; --teal: #3fcabb; --amber: #f5a742; --red: #ff6b9a; --violet: #a68bff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 1280px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 32px; }
h1 { margin: 0; font-size: 26px; letter-spacing: -0.01em; }
header p, footer { color: var(--muted); }
header p { margin: 4px 0 24px; }
footer { padding-top: 24px; padding-bottom: 32px; font-size: 13px; }
h2 { margin: 0 0 12px; font-size: 15px; }
h2 small { font-weight: 400; color: var(--muted); margin-left: 6px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 16px; }
.tile, .card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 16px 18px; }
.tile span, .tile small { display: block; color: var(--muted); font-size: 13px; }
.tile b { display: block; font-size: 27px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile.bad b { color: var(--red); }
.warnings { margin-top: 16px; border: 1px solid var(--amber); border-radius: 10px; background: var(--card); }
.warnings ul { margin: 12px 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 540px), 1fr)); gap: 16px; margin-top: 16px; }
.tables { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 1fr); gap: 16px; margin-top: 16px; }
@media (max-width: 900px) { .tables { grid-template-columns: minmax(0, 1fr); } }
.card { min-width: 0; overflow-x: auto; }
.tables .card:last-child { grid-column: 1 / -1; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 14px 24px; margin: 0; }
.facts dt { color: var(--muted); font-size: 13px; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 8px; border-top: 1px solid var(--rule); text-align: right; }
th:first-child { text-align: left; padding-left: 0; }
thead th { border-top: 0; color: var(--muted); font-weight: 500; }
tbody th { font-weight: 500; }
.pairs tr:first-child > * { border-top: 0; }
.pairs th { color: var(--muted); font-weight: 400; white-space: nowrap; }
.uplot, .u-legend { font-family: inherit; }
.u-legend { font-size: 13px; color: var(--muted); }
.u-legend th, .u-legend td { border: 0; padding: 2px 4px; }
.u-legend .u-value { color: var(--ink); }
.uplot table { width: auto; margin: 4px auto 0; }
`;

export const chartScript = `
(function () {
  'use strict';
  var report = JSON.parse(document.getElementById('report').textContent);
  var style = getComputedStyle(document.documentElement);
  var colour = function (name) { return style.getPropertyValue('--' + name).trim(); };
  var wash = function (name) { return colour(name) + '2e'; };
  var short = function (value) {
    if (value === null || value === undefined) return '–';
    if (value >= 1e6) return +(value / 1e6).toFixed(2) + ' M';
    if (value >= 1e4) return +(value / 1e3).toFixed(1) + ' k';
    return String(+value.toPrecision(3));
  };
  var unit = function (suffix) { return function (_, value) { return value == null ? '–' : short(value) + suffix; }; };
  var seconds = function (_, value) { return value == null ? '–' : value.toFixed(1) + ' s'; };
  var height = 250;

  function axis(format, size) {
    return {
      stroke: colour('muted'), font: '12px system-ui, sans-serif', size: size || 36,
      grid: { stroke: colour('rule'), width: 1 }, ticks: { stroke: colour('rule'), width: 1 },
      values: function (_, values) { return values.map(function (value) { return value == null ? '' : format(value); }); }
    };
  }
  function draw(id, options, data) {
    var place = document.getElementById(id);
    if (!place || data[0].length === 0) { if (place) place.textContent = 'Nothing was measured.'; return; }
    options.width = place.clientWidth;
    options.height = height;
    options.cursor = { points: { size: 6 }, y: false, drag: { x: false, y: false } };
    var plot = new uPlot(options, data, place);
    new ResizeObserver(function () { plot.setSize({ width: place.clientWidth, height: height }); }).observe(place);
  }
  function line(label, name, value, fill) {
    var series = { label: label, stroke: colour(name), width: 2, value: value, points: { show: false } };
    if (fill) series.fill = wash(name);
    return series;
  }
  function column(rows, key) { return rows.map(function (row) { return row[key]; }); }
  function fromZero(_, min, max) { return [0, max > 0 ? max * 1.1 : 1]; }
  // Whole powers of ten around the data: a curve that spans less than one still has labels to read.
  function decades(_, min, max) {
    var low = Math.floor(Math.log10(min > 0 ? min : 0.001)), high = Math.ceil(Math.log10(max > 0 ? max : 1));
    return [Math.pow(10, low), Math.pow(10, high > low ? high : low + 1)];
  }
  function byTime(id, rows, scaleY, formatY, series) {
    draw(id, {
      scales: { x: { time: false, range: function (_, min, max) { return [0, max]; } }, y: scaleY },
      axes: [axis(function (value) { return value + ' s'; }), axis(formatY, 62)],
      series: [{ label: 'time', value: seconds }].concat(series.map(function (entry) { return entry.line; }))
    }, [column(rows, 'atSeconds')].concat(series.map(function (entry) { return column(rows, entry.key); })));
  }

  var result = report.result;
  byTime('throughput', result.series, { range: fromZero }, short, [
    { key: 'requestsPerSecond', line: line('requests/s', 'blue', unit(''), true) }
  ]);
  var answered = result.series.filter(function (point) { return point.max > 0; });
  byTime('latency', answered, { distr: 3, range: decades }, short, [
    { key: 'p50', line: line('p50', 'teal', unit(' ms')) },
    { key: 'p99', line: line('p99', 'amber', unit(' ms')) },
    { key: 'max', line: line('slowest', 'red', unit(' ms')) }
  ]);

  var bars = result.distribution;
  draw('distribution', {
    scales: {
      x: { time: false, range: [-0.6, bars.length - 0.4] },
      y: { range: fromZero }
    },
    axes: [
      Object.assign(axis(function (index) { return bars[index] ? short(bars[index].fromMs) + ' ms' : ''; }), {
        incrs: [1, 2, 5, 10, 15, 20, 30], space: 70
      }),
      axis(short, 62)
    ],
    series: [
      { label: 'latency', value: function (_, index) {
        var bar = bars[index];
        return bar ? short(bar.fromMs) + ' – ' + short(bar.toMs) + ' ms' : '–';
      } },
      Object.assign(line('requests', 'violet', unit(''), true), { paths: uPlot.paths.bars({ size: [0.9, 60] }) })
    ]
  }, [bars.map(function (_, index) { return index; }), column(bars, 'count')]);

  // One more nine for each step to the right: 90 %, 99 %, 99.9 %, where the slow requests are.
  var nines = function (point) { return -Math.log10(1 - point.percentile / 100); };
  var percent = function (value) {
    var share = 100 * (1 - Math.pow(10, -value));
    return +share.toFixed(Math.max(0, Math.ceil(value) - 1)) + ' %';
  };
  draw('percentiles', {
    scales: { x: { time: false }, y: { distr: 3, range: decades } },
    axes: [Object.assign(axis(percent), { incrs: [1], space: 40 }), axis(short, 62)],
    series: [
      { label: 'percentile', value: function (_, value) {
        return value == null ? '–' : +(100 * (1 - Math.pow(10, -value))).toPrecision(7) + ' %';
      } },
      line('latency', 'blue', unit(' ms'), false)
    ]
  }, [result.percentileCurve.map(nines), column(result.percentileCurve, 'latencyMs')]);

  if (report.server.series) {
    byTime('cpu', report.server.series, { range: fromZero }, function (value) { return value + ' %'; }, [
      { key: 'cpuPercent', line: line('processor', 'amber', unit(' %'), true) }
    ]);
    var memory = report.server.series.map(function (point) {
      return { atSeconds: point.atSeconds, mebibytes: point.rssBytes / 1048576 };
    });
    byTime('memory', memory, { range: fromZero }, function (value) { return short(value) + ' MiB'; }, [
      { key: 'mebibytes', line: line('memory', 'teal', unit(' MiB'), true) }
    ]);
  }
})();
`;
