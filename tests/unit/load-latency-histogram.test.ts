/** Goal: what the hot path counts in buckets comes out of the HDR histogram as the same latencies. */
import fc from 'fast-check';
import { distributionBars, LatencyHistogram } from '../../client/load/latency-histogram';
import { addCounts, bucketCount, bucketMiddleUs, bucketOf } from '../../client/load/latency-recorder';
import { latencyUsMax, LatencyRecorder } from '../../client/load/latency-recorder';
import { commandIndex } from '../../client/load/load-plan';

const send = commandIndex('send');
const inbox = commandIndex('inbox');

function recorded(latenciesUs: readonly number[], command = send): LatencyRecorder {
  const recorder = new LatencyRecorder();
  for (const latencyUs of latenciesUs) recorder.record(command, bucketOf(latencyUs), latencyUs);
  return recorder;
}

test('buckets follow one another without a gap, and each middle lies in its own bucket', () => {
  for (let bucket = 0; bucket < bucketCount; bucket += 1)
    expect(bucketOf(bucketMiddleUs(bucket))).toBe(bucket);
});

test("a bucket's middle is within 0.2 % of any latency in it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: latencyUsMax }), (latencyUs) => {
      const middleUs = bucketMiddleUs(bucketOf(latencyUs));
      expect(Math.abs(middleUs - latencyUs)).toBeLessThanOrEqual(latencyUs * 0.002);
    }),
  );
});

test('percentiles are within 0.4 % of those of the sorted latencies, and the maximum is exact', () => {
  const latencies = fc.array(fc.integer({ min: 1, max: 60_000_000 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(latencies, fc.constantFrom(50, 90, 99, 99.9, 100), (latenciesUs, percentile) => {
      const sorted = [...latenciesUs].sort((left, right) => left - right);
      const rank = Math.max(1, Math.ceil((percentile / 100) * sorted.length));
      const expectedMs = sorted[rank - 1]! / 1_000;
      const histogram = new LatencyHistogram(recorded(latenciesUs), [send]);
      expect(Math.abs(histogram.percentileMs(percentile) - expectedMs)).toBeLessThanOrEqual(
        expectedMs * 0.004,
      );
      expect(histogram.figures().max).toBe(sorted.at(-1)! / 1_000);
      expect(histogram.count).toBe(latenciesUs.length);
    }),
  );
});

test('a histogram takes in the commands it is told to, and no others', () => {
  const counts = recorded([100, 200]);
  addCounts(counts, recorded([9_000], inbox));
  expect(new LatencyHistogram(counts, [send]).figures()).toMatchObject({ count: 2, max: 0.2 });
  expect(new LatencyHistogram(counts, [send, inbox]).figures()).toMatchObject({ count: 3, max: 9 });
});

test('nothing recorded gives figures of zero and empty curves, not an error', () => {
  const nothing = new LatencyRecorder();
  const histogram = new LatencyHistogram(nothing, [send]);
  expect(histogram.figures()).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  expect(histogram.percentileCurve()).toEqual([]);
  expect(distributionBars(nothing, [send])).toEqual([]);
});

test('every request is in exactly one bar of the distribution', () => {
  const bars = distributionBars(recorded([40, 41, 700, 700, 1_500_000]), [send]);
  expect(bars.reduce((total, bar) => total + bar.count, 0)).toBe(5);
  expect(bars[0]!.fromMs).toBeLessThanOrEqual(0.04);
  expect(bars.at(-1)!.toMs).toBeGreaterThan(1_490);
});

test('taking what was recorded leaves the recorder empty', () => {
  const recorder = recorded([100]);
  expect(new LatencyHistogram(recorder.take(), [send]).count).toBe(1);
  expect(new LatencyHistogram(recorder.take(), [send]).count).toBe(0);
});

test('times that a clock cannot mean are recorded as the nearest that it can', () => {
  expect(LatencyRecorder.toMicroseconds(-0.001)).toBe(0);
  expect(LatencyRecorder.toMicroseconds(1.2345)).toBe(1_235);
  expect(LatencyRecorder.toMicroseconds(1e12)).toBe(latencyUsMax);
});
