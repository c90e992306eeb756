/** One connection that stays open and keeps up to `inFlight` requests unanswered. This is the hot path. */
import type { Socket } from 'node:net';
import { requestTerminator } from '../../shared/protocol/limits';
import { SocketWriter } from '../../shared/sockets/socket-writer';
import { startSocket } from '../start-socket';
import type { Address, Lane, LaneOwner } from './lane';
import { bucketOf, LatencyRecorder } from './latency-recorder';
import { ReplyScanner } from './reply-scanner';
import type { RequestScript } from './request-script';

const openTimeoutMs = 10_000;
/** Asked once on every new connection, and not counted: any reply to it will do, an error too. */
const greeting = `ping${requestTerminator}`;

export class LoadConnection implements Lane {
  freeSlots: number;
  private readonly socket: Socket;
  private readonly writer: SocketWriter;
  private readonly scanner: ReplyScanner;
  private phaseToWrite: number;
  private phaseToRead: number;
  private enqueuedCount = 0;
  /** Ring of requests that count from the same time: what one write took along is one entry. Never more entries
   *  than requests, so `inFlight` slots are enough. */
  private readonly runFromMs: Float64Array;
  private readonly runCounts: Int32Array;
  private runHead = 0;
  private runTail = 0;
  private isOpen = false;
  /** Set while the reply to the greeting is waited for. */
  private onGreeted: (() => void) | undefined;

  private constructor(
    address: Address,
    private readonly owner: LaneOwner,
    private readonly script: RequestScript,
    private readonly inFlight: number,
    initialPhase: number,
  ) {
    this.freeSlots = inFlight;
    this.phaseToWrite = initialPhase % script.period;
    this.phaseToRead = this.phaseToWrite;
    this.runFromMs = new Float64Array(inFlight);
    this.runCounts = new Int32Array(inFlight);
    this.scanner = new ReplyScanner((code) => {
      if (this.isOpen) owner.onErrorCode(code);
    });
    const greet = (): void => {
      this.socket.write(greeting);
    };
    this.socket = startSocket(address, greet, {
      buffer: owner.readBuffer,
      callback: (byteCount, buffer) => {
        this.onRead(byteCount, buffer);
        return true;
      },
    });
    this.writer = new SocketWriter(this.socket, () => undefined);
  }

  /**
   * A connection is open once the server has answered on it. That the kernel has connected it says little: a server
   * accepts between other work, and a busy one leaves connections waiting for seconds.
   *
   * @param initialPhase where in the script this connection starts, modulo its period.
   * @throws the socket's error, with its `code`, where that does not come about within 10 s.
   */
  static open(
    address: Address,
    owner: LaneOwner,
    script: RequestScript,
    inFlight: number,
    initialPhase: number,
  ): Promise<LoadConnection> {
    const lane = new LoadConnection(address, owner, script, inFlight, initialPhase);
    const { socket } = lane;
    return new Promise((resolve, reject) => {
      const fail = (code: string): void => {
        if (lane.isOpen) {
          lane.lose(code);
        } else {
          socket.destroy();
          reject(Object.assign(new Error('a connection could not be opened'), { code }));
        }
      };
      socket.setTimeout(openTimeoutMs, () => {
        fail('ETIMEDOUT');
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        fail(error.code ?? 'SOCKET_ERROR');
      });
      socket.on('close', () => {
        fail(lane.isOpen ? 'CONNECTION_CLOSED' : 'ECONNRESET');
      });
      lane.onGreeted = () => {
        socket.setTimeout(0);
        lane.onGreeted = undefined;
        lane.isOpen = true;
        resolve(lane);
      };
    });
  }

  enqueue(count: number, fromMs: number): void {
    this.runFromMs[this.runTail] = fromMs;
    this.runCounts[this.runTail] = count;
    this.runTail = this.runTail + 1 === this.inFlight ? 0 : this.runTail + 1;
    this.freeSlots -= count;
    this.enqueuedCount += count;
  }

  flush(): void {
    const count = this.enqueuedCount;
    if (count === 0) return;
    this.writer.write(this.script.slice(this.phaseToWrite, count));
    this.phaseToWrite = (this.phaseToWrite + count) % this.script.period;
    this.enqueuedCount = 0;
  }

  close(): void {
    this.isOpen = false;
    this.socket.destroy();
  }

  private onRead(byteCount: number, buffer: Uint8Array): void {
    const replies = this.scanner.scan(buffer, byteCount);
    if (replies === 0) return;
    if (!this.isOpen) {
      this.onGreeted?.();
      return;
    }
    if (replies > this.inFlight - this.freeSlots) {
      this.lose('UNEXPECTED_REPLY');
      return;
    }
    const nowMs = performance.now();
    this.recordReplies(replies, nowMs);
    this.freeSlots += replies;
    this.owner.onCompleted(this, replies, nowMs);
  }

  private recordReplies(replies: number, nowMs: number): void {
    const { recorder } = this.owner;
    const { commandIndices, period } = this.script;
    let phase = this.phaseToRead;
    let left = replies;
    while (left > 0) {
      const latencyUs = LatencyRecorder.toMicroseconds(nowMs - this.runFromMs[this.runHead]!);
      const bucket = bucketOf(latencyUs);
      const runCount = this.runCounts[this.runHead]!;
      const count = runCount < left ? runCount : left;
      for (let reply = 0; reply < count; reply += 1) {
        recorder.record(commandIndices[phase]!, bucket, latencyUs);
        phase = phase + 1 === period ? 0 : phase + 1;
      }
      left -= count;
      this.runCounts[this.runHead] = runCount - count;
      if (runCount === count) this.runHead = this.runHead + 1 === this.inFlight ? 0 : this.runHead + 1;
    }
    this.phaseToRead = phase;
  }

  private lose(code: string): void {
    if (!this.isOpen) return;
    this.close();
    this.owner.onErrorCode(code);
    const unansweredCount = this.inFlight - this.freeSlots;
    this.freeSlots = 0;
    this.owner.onLost(this, unansweredCount);
  }
}
