/** The one place that knows hdr-histogram-js: percentiles from the counts that the generators recorded. */
import { build } from 'hdr-histogram-js';
import { bucketCount, bucketMiddleUs, latencyUsMax } from './latency-recorder';
import type { LatencyCounts } from './latency-recorder';

/** Milliseconds, except `count`. All zero where nothing was recorded. */
export interface LatencyFigures {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** One point of the curve "this share of all requests was at most so slow". */
export interface PercentilePoint {
  readonly percentile: number;
  readonly latencyMs: number;
}

/** One bar of the distribution: how many requests took between `fromMs` and `toMs`. */
export interface DistributionBar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

/** A histogram of some commands' latencies. `maxMs` is exact; the percentiles are within 0.3 %. */
export class LatencyHistogram {
  private readonly histogram = build({
    bitBucketSize: 64,
    numberOfSignificantValueDigits: 3,
    lowestDiscernibleValue: 1,
    highestTrackableValue: latencyUsMax,
  });
  private maxUs = 0;

  /** @param commandIndices the rows of `counts` to take in. */
  constructor(counts: LatencyCounts, commandIndices: readonly number[]) {
    for (const command of commandIndices) this.addRow(counts, command);
  }

  private addRow(counts: LatencyCounts, command: number): void {
    const row = counts.counts.subarray(command * bucketCount, (command + 1) * bucketCount);
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      const count = row[bucket]!;
      if (count > 0) this.histogram.recordValueWithCount(bucketMiddleUs(bucket), count);
    }
    this.maxUs = Math.max(this.maxUs, counts.maximaUs[command]!);
  }

  get count(): number {
    return this.histogram.totalCount;
  }

  /** @param percentile 0–100. A bucket's upper edge may lie above the true maximum: that one is never exceeded. */
  percentileMs(percentile: number): number {
    if (this.count === 0) return 0;
    return Math.min(this.histogram.getValueAtPercentile(percentile), this.maxUs) / 1_000;
  }

  figures(): LatencyFigures {
    return {
      count: this.count,
      mean: this.count === 0 ? 0 : this.histogram.mean / 1_000,
      p50: this.percentileMs(50),
      p90: this.percentileMs(90),
      p99: this.percentileMs(99),
      p999: this.percentileMs(99.9),
      max: this.maxUs / 1_000,
    };
  }

  /** The percentile curve, denser towards 100, as far as there are requests to tell the percentiles apart. */
  percentileCurve(): PercentilePoint[] {
    if (this.count === 0) return [];
    const points: PercentilePoint[] = [];
    const stepsForEachNine = 20;
    const steps = Math.ceil(Math.log10(Math.max(10, this.count)) * stepsForEachNine);
    for (let step = 1; step <= steps; step += 1) {
      const percentile = 100 * (1 - 10 ** (-step / stepsForEachNine));
      points.push({ percentile, latencyMs: this.percentileMs(percentile) });
    }
    return points;
  }
}

/** Counts in bars of equal width on a logarithmic axis, from the fastest to the slowest request; no empty ends. */
export function distributionBars(
  counts: LatencyCounts,
  commandIndices: readonly number[],
): DistributionBar[] {
  const barsForEachDecade = 15;
  const bars = new Map<number, number>();
  for (const command of commandIndices) {
    for (let bucket = 1; bucket < bucketCount; bucket += 1) {
      const count = counts.counts[command * bucketCount + bucket]!;
      if (count === 0) continue;
      const bar = Math.floor(Math.log10(bucketMiddleUs(bucket)) * barsForEachDecade);
      bars.set(bar, (bars.get(bar) ?? 0) + count);
    }
  }
  if (bars.size === 0) return [];
  const edgeMs = (bar: number): number => 10 ** (bar / barsForEachDecade) / 1_000;
  const first = Math.min(...bars.keys());
  const length = Math.max(...bars.keys()) - first + 1;
  return Array.from({ length }, (_, index) => ({
    fromMs: edgeMs(first + index),
    toMs: edgeMs(first + index + 1),
    count: bars.get(first + index) ?? 0,
  }));
}
