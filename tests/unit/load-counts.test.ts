// Goal: the figures of a load test agree with one another, and a server cannot make their number grow without end.
import { countErrors, errorCodesMax, otherErrors } from '../../client/load/error-counts';
import { LatencyRecorder } from '../../client/load/latency-recorder';
import { commands } from '../../client/load/load-plan';
import type { LoadReport } from '../../client/load/load-report';
import { SampleMerger } from '../../client/load/sample-merger';
import { summaryText } from '../../client/load/summary';

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

test('replies after the end are named where the count of the table is the greater one', () => {
  const merger = new SampleMerger(1, undefined);
  add(merger, 0, 2_498);
  expect(summaryOf(merger)).not.toContain('after it');
  const drained = new SampleMerger(1, undefined);
  add(drained, 0, 2_498);
  add(drained, 1, 5, {}, true);
  expect(summaryOf(drained)).toContain('(2,498 answered in 1.0 s, 5 more after it)');
  expect(summaryOf(drained)).toContain('2,503');
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

function summaryOf(merger: SampleMerger): string {
  const report: Partial<LoadReport> = {
    target: '127.0.0.1:1',
    configuration: {
      ratePerSecond: 0,
      workload: 'ping',
      connections: 1,
      inFlight: 1,
      messageBytes: 1,
    } as unknown as LoadReport['configuration'],
    result: merger.finish() as unknown as LoadReport['result'],
    server: { unavailable: 'a test' },
    generatorCpuPercent: 0,
    warnings: [],
  };
  return summaryText(report as LoadReport);
}
