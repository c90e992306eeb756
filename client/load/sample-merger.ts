/** Puts the samples of all generators together: a time series, and totals over the whole run. */
import { countErrors } from './error-counts';
import type { Sample } from './generator';
import { distributionBars, LatencyHistogram } from './latency-histogram';
import type { DistributionBar, LatencyFigures, PercentilePoint } from './latency-histogram';
import { addCounts, LatencyRecorder } from './latency-recorder';
import { commands } from './load-plan';
import type { Command } from './load-plan';

/** One point of the time series. Latencies are of all requests, in milliseconds. */
export interface SeriesPoint {
  /** End of the stretch that this point stands for, in seconds from the start of the measurement. */
  readonly atSeconds: number;
  readonly requestsPerSecond: number;
  readonly errorCount: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadMeasurements {
  /** The time in which throughput was counted. */
  readonly measuredMs: number;
  /** Requests answered in that time, with errors. */
  readonly requestCount: number;
  readonly requestsPerSecond: number;
  /** Error replies by their code, and lost connections by their system code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of all requests; the opening of connections is no request. */
  readonly latencyMs: LatencyFigures;
  /** Of each command that was used, the opening of connections (`connect`) too. */
  readonly latencyMsByCommand: Readonly<Partial<Record<Command, LatencyFigures>>>;
  readonly percentileCurve: readonly PercentilePoint[];
  readonly distribution: readonly DistributionBar[];
  readonly series: readonly SeriesPoint[];
}

const allIndices = commands.map((_, index) => index);
const requestIndices = allIndices.filter((index) => commands[index] !== 'connect');

/** A stretch of time of which not every generator has delivered its sample yet. */
interface PendingPoint {
  latencies: LatencyRecorder;
  generators: number;
  requestsPerSecond: number;
  durationMsMax: number;
  errorCount: number;
}

export class SampleMerger {
  private readonly totals = new LatencyRecorder();
  private readonly errors: Record<string, number> = {};
  private readonly pending = new Map<number, PendingPoint>();
  private readonly series: SeriesPoint[] = [];
  private measuredMs = 0;
  private requestCount = 0;

  constructor(
    private readonly generatorCount: number,
    private readonly onPoint: ((point: SeriesPoint) => void) | undefined,
  ) {}

  add(sample: Sample): void {
    addCounts(this.totals, sample.latencies);
    let errorCount = 0;
    for (const [code, count] of Object.entries(sample.errors)) {
      countErrors(this.errors, code, count);
      errorCount += count;
    }
    if (!sample.isDrain) this.addPoint(sample, errorCount);
  }

  private addPoint(sample: Sample, errorCount: number): void {
    let point = this.pending.get(sample.index);
    if (point === undefined) {
      point = {
        latencies: new LatencyRecorder(),
        generators: 0,
        requestsPerSecond: 0,
        durationMsMax: 0,
        errorCount: 0,
      };
      this.pending.set(sample.index, point);
    }
    const requests = new LatencyHistogram(sample.latencies, requestIndices).count;
    this.requestCount += requests;
    addCounts(point.latencies, sample.latencies);
    point.generators += 1;
    point.errorCount += errorCount;
    point.durationMsMax = Math.max(point.durationMsMax, sample.durationMs);
    point.requestsPerSecond += sample.durationMs > 0 ? (requests / sample.durationMs) * 1_000 : 0;
    if (point.generators === this.generatorCount) this.complete(sample.index, point);
  }

  private complete(index: number, point: PendingPoint): void {
    this.pending.delete(index);
    this.measuredMs += point.durationMsMax;
    const histogram = new LatencyHistogram(point.latencies, requestIndices);
    const finished: SeriesPoint = {
      atSeconds: this.measuredMs / 1_000,
      requestsPerSecond: point.requestsPerSecond,
      errorCount: point.errorCount,
      p50: histogram.percentileMs(50),
      p99: histogram.percentileMs(99),
      max: histogram.percentileMs(100),
    };
    this.series.push(finished);
    this.onPoint?.(finished);
  }

  /** Call once, when every generator has finished. */
  finish(): LoadMeasurements {
    // A generator that ended earlier than the others leaves points that the others alone stand for.
    for (const [index, point] of this.pending) this.complete(index, point);
    const byCommand: Partial<Record<Command, LatencyFigures>> = {};
    for (const index of allIndices) {
      const figures = new LatencyHistogram(this.totals, [index]).figures();
      if (figures.count > 0) byCommand[commands[index]!] = figures;
    }
    const all = new LatencyHistogram(this.totals, requestIndices);
    return {
      measuredMs: this.measuredMs,
      requestCount: this.requestCount,
      requestsPerSecond: this.measuredMs > 0 ? (this.requestCount / this.measuredMs) * 1_000 : 0,
      errors: this.errors,
      latencyMs: all.figures(),
      latencyMsByCommand: byCommand,
      percentileCurve: all.percentileCurve(),
      distribution: distributionBars(this.totals, requestIndices),
      series: this.series,
    };
  }
}
