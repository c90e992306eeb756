/** What the server and the generators cost while the load ran: processor shares and memory, as a time series. */
import { findListeningProcess, readProcessUsage } from './server-process';
import type { ProcessUsage } from './server-process';

/** The kernel counts in hundredths of a second: closer readings would show mostly rounding. */
const readingIntervalMsMin = 450;

export interface UsagePoint {
  readonly atSeconds: number;
  /** 100 is one processor kept fully busy. */
  readonly cpuPercent: number;
  readonly rssBytes: number;
}

export type ServerUsage =
  | {
      readonly pid: number;
      readonly cpuPercent: number;
      readonly rssBytesAtStart: number;
      readonly rssBytesMax: number;
      readonly series: readonly UsagePoint[];
    }
  | { readonly unavailable: string };

export class UsageMeter {
  private readonly search;
  private first: ProcessUsage | undefined;
  private last: ProcessUsage | undefined;
  private startMs = 0;
  private lastMs = 0;
  private generatorStart = process.cpuUsage();
  private readonly series: UsagePoint[] = [];

  /** @param host a resolved address. */
  constructor(host: string, port: number) {
    this.search = findListeningProcess(host, port);
  }

  /** The measurement begins: what was used before does not count. */
  start(): void {
    this.startMs = performance.now();
    this.lastMs = this.startMs;
    this.generatorStart = process.cpuUsage();
    this.first = 'pid' in this.search ? readProcessUsage(this.search.pid) : undefined;
    this.last = this.first;
  }

  /** Takes a reading, unless the last one is too recent. Call as often as convenient. */
  sample(): void {
    if (!('pid' in this.search) || this.last === undefined) return;
    const nowMs = performance.now();
    if (nowMs - this.lastMs < readingIntervalMsMin) return;
    const usage = readProcessUsage(this.search.pid);
    if (usage === undefined) return;
    this.series.push({
      atSeconds: (nowMs - this.startMs) / 1_000,
      cpuPercent: (100 * (usage.cpuMs - this.last.cpuMs)) / (nowMs - this.lastMs),
      rssBytes: usage.rssBytes,
    });
    this.last = usage;
    this.lastMs = nowMs;
  }

  server(): ServerUsage {
    if (!('pid' in this.search)) return this.search;
    const { first, last } = this;
    if (first === undefined || last === undefined || this.lastMs === this.startMs) {
      return {
        unavailable: `process ${this.search.pid} was not measured: the run was too short, or it ended`,
      };
    }
    return {
      pid: this.search.pid,
      cpuPercent: (100 * (last.cpuMs - first.cpuMs)) / (this.lastMs - this.startMs),
      rssBytesAtStart: first.rssBytes,
      rssBytesMax: Math.max(first.rssBytes, ...this.series.map((point) => point.rssBytes)),
      series: this.series,
    };
  }

  /** Of this process: all generators, and a little for the display. */
  generatorCpuPercent(): number {
    const used = process.cpuUsage(this.generatorStart);
    return (100 * (used.user + used.system)) / 1_000 / (performance.now() - this.startMs);
  }
}
