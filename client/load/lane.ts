/** What a generator and the connections it drives know about each other. */
import type { TlsOptions } from '../start-socket';
import type { LatencyRecorder } from './latency-recorder';

/** One connection, or a place in which connections follow one another. */
export interface Lane {
  /** How many requests it may take now. */
  readonly freeSlots: number;
  /** Takes `count` (≤ `freeSlots`) requests whose latency counts from `fromMs`. Nothing is sent before `flush`. */
  enqueue(count: number, fromMs: number): void;
  /** Sends what was enqueued, in one write. */
  flush(): void;
  close(): void;
}

export interface LaneOwner {
  readonly recorder: LatencyRecorder;
  /** One read buffer for all lanes of a thread: a read is used up before the next one starts. */
  readonly readBuffer: Uint8Array;
  readonly onErrorCode: (code: string) => void;
  /** `count` requests were answered, or given up for a connection that was lost; the lane has room again. */
  onCompleted(lane: Lane, count: number, nowMs: number): void;
  /** The lane is gone for good, and with it this many requests that will never be answered. */
  onLost(lane: Lane, unansweredCount: number): void;
}

/** A resolved address: no name is looked up for each connection. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** Undefined for plain text. */
  readonly tls?: TlsOptions | undefined;
}
