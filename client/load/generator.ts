/** One thread's part of a load test: its connections, its pace, its samples. Runs in any thread. */
import { countErrors } from './error-counts';
import { ChurnLane } from './churn-lane';
import type { Address, Lane, LaneOwner } from './lane';
import { LatencyRecorder } from './latency-recorder';
import type { LatencyCounts } from './latency-recorder';
import { LoadConnection } from './load-connection';
import { sampleIntervalMs } from './load-plan';
import type { GeneratorPlan } from './load-plan';
import { ClosedLoopPacer, OpenLoopPacer } from './pacer';
import type { Pacer } from './pacer';
import { scriptsFor } from './request-script';

/** Connections being opened at once: well below the usual listen backlog of 511. */
const openingMax = 100;
/** After the end, replies on their way are waited for, so that slow ones are not left out of the percentiles. */
const drainMsMax = 2_000;
/** A server that answers nothing at all for so long is taken as gone. */
const stallMsMax = 15_000;
const readBufferBytes = 65_536;
/** At the end, a request that was due this recently is only between two ticks of the timer. */
const overdueMsMin = 20;

/** What was answered in one stretch of time. */
export interface Sample {
  /** Counts up from 0; samples of several generators with the same index cover the same time. */
  readonly index: number;
  readonly durationMs: number;
  readonly latencies: LatencyCounts;
  readonly errors: Readonly<Record<string, number>>;
  /** The sample after the end: its latencies count, its requests are no throughput. */
  readonly isDrain: boolean;
}

export type EndReason = 'complete' | 'stopped' | 'connections lost' | 'no replies';

export interface GeneratorOutcome {
  readonly reason: EndReason;
  /** Written and never answered, on connections that stayed open. */
  readonly unansweredCount: number;
  /** Open loop: due by the end, and never sent for want of a free connection. */
  readonly unsentCount: number;
  readonly connectionsLostCount: number;
}

export class Generator implements LaneOwner {
  readonly recorder = new LatencyRecorder();
  /** A `Buffer`, whose `indexOf` is native: the scanner of replies uses it. */
  readonly readBuffer = Buffer.allocUnsafeSlow(readBufferBytes);
  private readonly lanes: Lane[] = [];
  private readonly pacer: Pacer;
  private errors: Record<string, number> = {};
  private phase: 'connecting' | 'running' | 'draining' | 'done' = 'connecting';
  private isMeasuring = false;
  private completedCount = 0;
  private completedAtLastCheck = -1;
  private unansweredOnLostCount = 0;
  private connectionsLostCount = 0;
  private unsentCount = 0;
  private sampleIndex = 0;
  private sampleStartMs = 0;
  private readonly timers: NodeJS.Timeout[] = [];
  private reason: EndReason = 'complete';
  private finish: (() => void) | undefined;

  /** @param emit is called with each sample, the drain's one last. */
  constructor(
    private readonly plan: GeneratorPlan,
    private readonly emit: (sample: Sample) => void,
  ) {
    const requestsMax = 'requests' in plan.stop ? plan.stop.requests : Infinity;
    this.pacer =
      plan.ratePerSecond > 0
        ? new OpenLoopPacer(plan.ratePerSecond, requestsMax, plan.firstConnection / plan.ratePerSecond)
        : new ClosedLoopPacer(requestsMax);
  }

  readonly onErrorCode = (code: string): void => {
    countErrors(this.errors, code, 1);
  };

  /** Opens all connections. @throws the first socket error; whatever was opened is closed again then. */
  async connect(): Promise<void> {
    const { plan } = this;
    const address: Address = { host: plan.host, port: plan.port, tls: plan.tls };
    const scripts = scriptsFor(plan);
    const scriptOf = (index: number): (typeof scripts)[number] =>
      scripts[(plan.firstConnection + index) % scripts.length]!;
    if (plan.workload === 'churn') {
      for (let index = 0; index < plan.connections; index += 1) {
        this.lanes.push(new ChurnLane(address, this, scriptOf(index)));
      }
      return;
    }
    try {
      while (this.lanes.length < plan.connections) {
        const opened = this.lanes.length;
        const count = Math.min(openingMax, plan.connections - opened);
        const opening = Array.from({ length: count }, (_, offset) => {
          const index = opened + offset;
          return LoadConnection.open(address, this, scriptOf(index), plan.inFlight, this.initialPhase(index));
        });
        for (const result of await Promise.allSettled(opening)) {
          if (result.status === 'rejected') throw result.reason;
          this.lanes.push(result.value);
        }
      }
    } catch (error) {
      for (const lane of this.lanes) lane.close();
      throw error;
    }
  }

  /** Spreads the connections over the script, those of each account too: else all ask for their inbox at once. */
  private initialPhase(index: number): number {
    const number = this.plan.firstConnection + index;
    const accounts = this.plan.identities.length;
    return Math.floor(number / accounts) + (number % accounts);
  }

  /** Runs from the first request to the last reply. Call once, after `connect`. */
  run(): Promise<GeneratorOutcome> {
    const { stop, warmupMs } = this.plan;
    return new Promise((resolve) => {
      this.finish = () => {
        resolve({
          reason: this.reason,
          unansweredCount: this.outstandingCount(),
          unsentCount: this.unsentCount,
          connectionsLostCount: this.connectionsLostCount,
        });
      };
      this.phase = 'running';
      // Before the first request, so that none is counted for a time that was not.
      if ('requests' in stop || warmupMs === 0) this.startMeasuring();
      else
        this.after(warmupMs, () => {
          this.startMeasuring();
        });
      const nowMs = performance.now();
      this.pacer.start(nowMs);
      for (const lane of this.lanes) this.pacer.onRoom(lane, nowMs);
      this.every(stallMsMax, () => {
        this.checkForStall();
      });
      if (this.connectionsLostCount === this.lanes.length) this.stop('connections lost');
    });
  }

  /** Ends early: the outcome still comes, with what was measured. */
  stop(reason: EndReason = 'stopped'): void {
    if (this.phase !== 'running') return;
    this.reason = reason;
    this.startDraining();
  }

  onCompleted(lane: Lane, count: number, nowMs: number): void {
    this.completedCount += count;
    if (this.phase === 'running') this.pacer.onRoom(lane, nowMs);
    if (this.outstandingCount() === 0) this.onIdle();
  }

  onLost(lane: Lane, unansweredCount: number): void {
    this.pacer.onLost(lane);
    this.completedCount += unansweredCount;
    this.unansweredOnLostCount += unansweredCount;
    this.connectionsLostCount += 1;
    if (this.connectionsLostCount === this.lanes.length) this.stop('connections lost');
    else if (this.outstandingCount() === 0) this.onIdle();
  }

  /** Requests on open connections that wait for their reply. */
  private outstandingCount(): number {
    return this.pacer.issuedCount - this.completedCount;
  }

  private onIdle(): void {
    if (this.phase === 'draining') this.end();
    else if (this.phase === 'running' && this.pacer.isExhausted) this.startDraining();
  }

  private startMeasuring(): void {
    this.recorder.take();
    this.errors = {};
    this.isMeasuring = true;
    this.sampleStartMs = performance.now();
    this.every(sampleIntervalMs(this.plan.stop), () => {
      this.sample(false);
    });
    if ('durationMs' in this.plan.stop)
      this.after(this.plan.stop.durationMs, () => {
        this.stop('complete');
      });
  }

  private sample(isDrain: boolean): void {
    const nowMs = performance.now();
    const durationMs = nowMs - this.sampleStartMs;
    const { errors } = this;
    this.errors = {};
    this.sampleStartMs = nowMs;
    this.emit({ index: this.sampleIndex, durationMs, latencies: this.recorder.take(), errors, isDrain });
    this.sampleIndex += 1;
  }

  private startDraining(): void {
    this.clearTimers();
    this.unsentCount = this.pacer.overdueCount(performance.now() - overdueMsMin);
    this.pacer.stop();
    if (this.isMeasuring) this.sample(false);
    this.phase = 'draining';
    if (this.outstandingCount() === 0) this.end();
    else
      this.after(drainMsMax, () => {
        this.end();
      });
  }

  private end(): void {
    this.phase = 'done';
    this.clearTimers();
    if (this.isMeasuring) this.sample(true);
    for (const lane of this.lanes) lane.close();
    this.finish?.();
  }

  private checkForStall(): void {
    const isStalled = this.completedCount === this.completedAtLastCheck && this.outstandingCount() > 0;
    this.completedAtLastCheck = this.completedCount;
    if (isStalled) this.stop('no replies');
  }

  private after(delayMs: number, action: () => void): void {
    this.timers.push(setTimeout(action, delayMs));
  }

  private every(intervalMs: number, action: () => void): void {
    this.timers.push(setInterval(action, intervalMs));
  }

  private clearTimers(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.length = 0;
  }
}
