/**
 * Latencies as they are counted while the load runs: fixed arrays of log-linear buckets, one row for each command.
 * Recording is one array increment; `latency-histogram.ts` turns the counts into an HDR histogram afterwards.
 *
 * Latencies are whole microseconds. Up to 511 µs every value has a bucket of its own; above, 256 buckets for each
 * power of two, so that a bucket's middle is within 0.2 % of every value in it.
 */
import { commands } from './load-plan';

const subBuckets = 256;
/** Values below this are their own bucket. */
const exactValues = subBuckets * 2;
/** About 36 minutes: what is slower is recorded as this. */
export const latencyUsMax = 2 ** 31 - 1;
export const bucketCount = bucketOf(latencyUsMax) + 1;

/** @param latencyUs a whole number, 0–`latencyUsMax`. */
export function bucketOf(latencyUs: number): number {
  if (latencyUs < exactValues) return latencyUs;
  const shift = 23 - Math.clz32(latencyUs);
  return subBuckets * shift + (latencyUs >>> shift);
}

/** @returns the middle of a bucket's values, rounded down: the inverse of `bucketOf` up to 0.2 %. */
export function bucketMiddleUs(bucket: number): number {
  if (bucket < exactValues) return bucket;
  const shift = Math.floor(bucket / subBuckets) - 1;
  const lowest = (bucket - subBuckets * shift) * 2 ** shift;
  return lowest + Math.floor((2 ** shift - 1) / 2);
}

/** What was recorded in one stretch of time. Transferable between threads. */
export interface LatencyCounts {
  /** Row `commandIndex`, column bucket: `counts[commandIndex * bucketCount + bucket]`. */
  readonly counts: Uint32Array<ArrayBuffer>;
  /** The slowest of each command, exact. */
  readonly maximaUs: Float64Array<ArrayBuffer>;
}

export class LatencyRecorder implements LatencyCounts {
  counts = new Uint32Array(commands.length * bucketCount);
  maximaUs = new Float64Array(commands.length);

  /** @param elapsedMs may be a fraction; negative (a clock's rounding) counts as 0. */
  static toMicroseconds(elapsedMs: number): number {
    const microseconds = Math.round(elapsedMs * 1_000);
    return microseconds < 0 ? 0 : microseconds > latencyUsMax ? latencyUsMax : microseconds;
  }

  /** @param bucket is `bucketOf(latencyUs)`: the caller works it out once for all replies of one read. */
  record(command: number, bucket: number, latencyUs: number): void {
    const slot = command * bucketCount + bucket;
    this.counts[slot] = this.counts[slot]! + 1;
    if (latencyUs > this.maximaUs[command]!) this.maximaUs[command] = latencyUs;
  }

  /** Hands over what was recorded since the last call, and starts from nothing. */
  take(): LatencyCounts {
    const taken = { counts: this.counts, maximaUs: this.maximaUs };
    this.counts = new Uint32Array(commands.length * bucketCount);
    this.maximaUs = new Float64Array(commands.length);
    return taken;
  }
}

/** Adds `from` to `to`, in place. */
export function addCounts(to: LatencyCounts, from: LatencyCounts): void {
  for (let slot = 0; slot < to.counts.length; slot += 1)
    to.counts[slot] = to.counts[slot]! + from.counts[slot]!;
  for (let command = 0; command < commands.length; command += 1) {
    to.maximaUs[command] = Math.max(to.maximaUs[command]!, from.maximaUs[command]!);
  }
}
