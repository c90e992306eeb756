/** The line that shows how a run is doing: rewritten in place on a terminal, one line every few seconds elsewhere. */
import type { SeriesPoint } from './sample-merger';
import { duration, milliseconds, rate, whole } from './text-format';

const plainIntervalSeconds = 5;
const terminalIntervalSeconds = 0.5;

export class ProgressLine {
  private nextAtSeconds: number;
  private widthShown = 0;
  /** Since the last time something was shown. */
  private errorCount = 0;

  constructor(
    private readonly stream: NodeJS.WriteStream,
    /** What the run goes up to, for display: `10 s`, `5000 requests`. */
    private readonly goal: string,
  ) {
    this.nextAtSeconds = stream.isTTY ? 0 : plainIntervalSeconds;
  }

  show(point: SeriesPoint): void {
    this.errorCount += point.errorCount;
    if (point.atSeconds < this.nextAtSeconds) return;
    const isTerminal = this.stream.isTTY;
    this.nextAtSeconds = point.atSeconds + (isTerminal ? terminalIntervalSeconds : plainIntervalSeconds);
    const errors = this.errorCount > 0 ? ` · ${whole(this.errorCount)} errors` : '';
    const text =
      `${duration(point.atSeconds)} of ${this.goal} · ${rate(point.requestsPerSecond)} requests/s · ` +
      `p50 ${milliseconds(point.p50)} · p99 ${milliseconds(point.p99)}${errors}`;
    this.stream.write(isTerminal ? `\r${text.padEnd(this.widthShown)}` : `${text}\n`);
    this.widthShown = text.length;
  }

  /** Clears a rewritten line, so that what follows starts on an empty one. */
  finish(): void {
    if (this.stream.isTTY && this.widthShown > 0) this.stream.write(`\r${' '.repeat(this.widthShown)}\r`);
  }
}
