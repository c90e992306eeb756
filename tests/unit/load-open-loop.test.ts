/** Goal: in an open loop, latency counts from the time a request was meant for, so that no stall is left out. */
import fc from 'fast-check';
import type { Lane } from '../../client/load/lane';
import { OpenLoopSchedule, timerGranularityMs } from '../../client/load/open-loop-schedule';
import { OpenLoopPacer } from '../../client/load/pacer';

/** Takes requests and remembers the times that their latencies count from; room is given back by the test. */
class LaneStandIn implements Lane {
  freeSlots: number;
  readonly fromMs: number[] = [];

  constructor(slots: number) {
    this.freeSlots = slots;
  }

  enqueue(count: number, fromMs: number): void {
    this.freeSlots -= count;
    for (let request = 0; request < count; request += 1) this.fromMs.push(fromMs);
  }

  flush(): void {
    // Nothing leaves the test.
  }

  close(): void {
    // Nothing was opened.
  }
}

describe('schedule', () => {
  test('requests become due one interval apart, the first at the start', () => {
    const schedule = new OpenLoopSchedule(100, 1_000);
    expect(schedule.dueCount(999)).toBe(0);
    expect(schedule.dueCount(1_000)).toBe(1);
    expect(schedule.dueCount(1_025)).toBe(3);
    expect([schedule.takeDelayed(), schedule.takeDelayed(), schedule.takeDelayed()]).toEqual([
      1_000, 1_010, 1_020,
    ]);
    expect(schedule.dueCount(1_025)).toBe(0);
    expect(schedule.nextDueMs()).toBe(1_030);
  });

  test('a request on the first tick after its time counts from the tick; a later one from its time', () => {
    const schedule = new OpenLoopSchedule(100, 0);
    expect(schedule.takeOnTick(1)).toBe(1);
    expect(schedule.takeOnTick(10 + timerGranularityMs + 0.1)).toBe(10);
  });

  test('whenever requests are taken, their times are those of the schedule and never in the future', () => {
    const rates = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(rates, fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 30 }), (rate, pausesMs) => {
        const schedule = new OpenLoopSchedule(rate, 0);
        let nowMs = 0;
        for (const pauseMs of pausesMs) {
          nowMs += pauseMs;
          for (let left = Math.min(50, schedule.dueCount(nowMs)); left > 0; left -= 1) {
            const intendedMs = (schedule.taken * 1_000) / rate;
            expect(schedule.takeDelayed()).toBeCloseTo(intendedMs, 6);
            expect(intendedMs).toBeLessThanOrEqual(nowMs + 1e-6);
          }
        }
      }),
    );
  });
});

describe('pacer', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('the requests that a stalled server kept waiting count from when they should have gone out', () => {
    const pacer = new OpenLoopPacer(100, Infinity, 0);
    const lane = new LaneStandIn(1);
    const startMs = performance.now();
    pacer.start(startMs);
    pacer.onRoom(lane, startMs);
    // The first request occupies the only lane for 95 ms; nine more become due meanwhile.
    jest.advanceTimersByTime(95);
    expect(lane.fromMs).toHaveLength(1);
    const times: number[] = [];
    for (let reply = 0; reply < 9; reply += 1) {
      lane.freeSlots = 1;
      pacer.onRoom(lane, performance.now());
      times.push(Math.round(lane.fromMs.at(-1)! - startMs));
    }
    expect(times).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90]);
    pacer.stop();
  });

  test('lanes take turns, and each is sent no more than it has room for', () => {
    const pacer = new OpenLoopPacer(1_000, Infinity, 0);
    const lanes = [new LaneStandIn(4), new LaneStandIn(4)];
    const startMs = performance.now();
    pacer.start(startMs);
    for (const lane of lanes) pacer.onRoom(lane, startMs - 1);
    jest.advanceTimersByTime(4);
    const counts = lanes.map((lane) => lane.fromMs.length);
    expect(Math.abs(counts[0]! - counts[1]!)).toBeLessThanOrEqual(1);
    jest.advanceTimersByTime(50);
    expect(lanes.map((lane) => lane.fromMs.length)).toEqual([4, 4]);
    expect(pacer.overdueCount(performance.now())).toBeGreaterThan(40);
    pacer.stop();
  });

  test('no more requests go out than were asked for', () => {
    const pacer = new OpenLoopPacer(1_000, 5, 0);
    const lane = new LaneStandIn(100);
    pacer.start(performance.now());
    pacer.onRoom(lane, performance.now());
    jest.advanceTimersByTime(100);
    expect(lane.fromMs).toHaveLength(5);
    expect(pacer.isExhausted).toBe(true);
    expect(pacer.overdueCount(performance.now())).toBe(0);
  });
});
