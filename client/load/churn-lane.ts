/** One place in which connections follow one another: connect, one request, its reply, disconnect. */
import type { Socket } from 'node:net';
import { startSocket } from '../start-socket';
import type { Address, Lane, LaneOwner } from './lane';
import { bucketOf, LatencyRecorder } from './latency-recorder';
import { commandIndex } from './load-plan';
import { ReplyScanner } from './reply-scanner';
import type { RequestScript } from './request-script';

/** After a connection that failed: a server that refuses connections is not asked again without a pause. */
const retryPauseMs = 20;

const connectIndex = commandIndex('connect');
const pingIndex = commandIndex('ping');

export class ChurnLane implements Lane {
  freeSlots = 1;
  private enqueuedFromMs = 0;
  private isClosed = false;
  private socket: Socket | undefined;
  private retryTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly address: Address,
    private readonly owner: LaneOwner,
    private readonly script: RequestScript,
  ) {}

  enqueue(_count: number, fromMs: number): void {
    this.freeSlots = 0;
    this.enqueuedFromMs = fromMs;
  }

  flush(): void {
    if (this.freeSlots === 0 && this.socket === undefined && !this.isClosed) this.startVisit();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.retryTimer);
    this.socket?.destroy();
  }

  private startVisit(): void {
    const scanner = new ReplyScanner(this.owner.onErrorCode);
    let fromMs = this.enqueuedFromMs;
    let isAnswered = false;
    const ask = (): void => {
      const nowMs = performance.now();
      this.record(connectIndex, nowMs - fromMs);
      fromMs = nowMs;
      socket.write(this.script.slice(0, 1), 'latin1');
    };
    const socket = startSocket(this.address, ask, {
      buffer: this.owner.readBuffer,
      callback: (byteCount, buffer) => {
        if (scanner.scan(buffer, byteCount) === 0 || isAnswered) return true;
        isAnswered = true;
        this.record(pingIndex, performance.now() - fromMs);
        socket.end();
        return true;
      },
    });
    this.socket = socket;
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (!isAnswered && !this.isClosed) this.owner.onErrorCode(error.code ?? 'SOCKET_ERROR');
    });
    socket.once('close', (hadError) => {
      if (!isAnswered && !hadError && !this.isClosed) this.owner.onErrorCode('CONNECTION_CLOSED');
      this.endVisit(isAnswered);
    });
  }

  private endVisit(isAnswered: boolean): void {
    this.socket = undefined;
    if (this.isClosed) return;
    if (isAnswered) {
      this.becomeFree();
      return;
    }
    this.retryTimer = setTimeout(() => {
      this.becomeFree();
    }, retryPauseMs);
  }

  private becomeFree(): void {
    this.freeSlots = 1;
    this.owner.onCompleted(this, 1, performance.now());
  }

  private record(command: number, elapsedMs: number): void {
    const latencyUs = LatencyRecorder.toMicroseconds(elapsedMs);
    this.owner.recorder.record(command, bucketOf(latencyUs), latencyUs);
  }
}
