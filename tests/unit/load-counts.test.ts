// Goal: the figures of a load test agree with one another, and a server cannot make their number grow without end.
import { countErrors, errorCodesMax, otherErrors } from '../../client/load/error-counts';
import { LatencyRecorder } from '../../client/load/latency-recorder';
import { commands } from '../../client/load/load-plan';
import { SampleMerger } from '../../client/load/sample-merger';

test('errors that all differ are told apart up to a bound, and none is lost', () => {
  const counts: Record<string, number> = {};
  for (let index = 0; index < 1_000; index += 1) countErrors(counts, `no such message ${index}`, 1);
  countErrors(counts, 'no such message 0', 5);
  expect(Object.keys(counts)).toHaveLength(errorCodesMax + 1);
  expect(counts['no such message 0']).toBe(6);
  expect(counts[otherErrors]).toBe(1_000 - errorCodesMax);
});

test('the bound holds over all samples of a run', () => {
  const merger = new SampleMerger(1, undefined);
  for (let index = 0; index < 500; index += 1) add(merger, index, 1, { [`text ${index}`]: 1 });
  const { errors } = merger.finish();
  expect(Object.keys(errors)).toHaveLength(errorCodesMax + 1);
  expect(Object.values(errors).reduce((total, count) => total + count, 0)).toBe(500);
});

function add(
  merger: SampleMerger,
  index: number,
  replies: number,
  errors: Record<string, number> = {},
  isDrain = false,
): void {
  const recorder = new LatencyRecorder();
  for (let reply = 0; reply < replies; reply += 1) recorder.record(commands.indexOf('ping'), 1, 1);
  merger.add({ index, durationMs: 1_000, latencies: recorder.take(), errors, isDrain });
}
