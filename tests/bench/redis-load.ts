/**
 * The load of the comparison, spoken to Redis: the same generator's sockets and clock, one command after the other. So a
 * server is not the faster for a generator that leaves it more of the machine.
 */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { bucketOf, LatencyRecorder } from '../../client/load/latency-recorder';
import { commandIndex } from '../../client/load/load-plan';
import { LatencyHistogram } from '../../client/load/latency-histogram';
import { startSocket } from '../../client/start-socket';
import { SocketWriter } from '../../shared/sockets/socket-writer';
import type { Shape } from './shape';

export interface RedisFigures {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const readBytes = 65_536;
const lineFeed = 0x0a;
const errorSign = 0x2d;
/** Where replies are counted: it is one of the recorder's commands. */
const recordedIndex = commandIndex('send');

/**
 * One connection: writes as many commands as replies have come, in one write. Latency counts from the write before, which
 * with several in flight may be a later one than the command's own: then it is too low.
 */
class RedisConnection {
  private readonly socket: Socket;
  private readonly writer: SocketWriter;
  private sentMs = 0;

  constructor(
    port: number,
    /** `commands[n]` is n commands in one text. */
    private readonly commands: readonly string[],
    readBuffer: Uint8Array,
    private readonly recorder: LatencyRecorder,
    onOpen: () => void,
    onFailure: (error: Error) => void,
  ) {
    this.socket = startSocket({ host: '127.0.0.1', port }, onOpen, {
      buffer: readBuffer,
      callback: (byteCount, bytes) => {
        this.read(bytes, byteCount);
        return true;
      },
    });
    this.writer = new SocketWriter(this.socket, () => undefined);
    this.socket.on('error', onFailure);
    this.socket.on('close', () => {
      onFailure(new Error('Redis has closed a connection'));
    });
  }

  send(count: number): void {
    this.sentMs = performance.now();
    this.writer.write(this.commands[count]!);
  }

  close(): void {
    this.socket.removeAllListeners();
    this.socket.on('error', () => undefined);
    this.socket.destroy();
  }

  /** A reply to RPUSH is one line: `:length`, or `-` and an error. */
  private read(bytes: Uint8Array, byteCount: number): void {
    if (bytes[0] === errorSign) throw new Error(Buffer.from(bytes.subarray(0, byteCount)).toString('latin1'));
    let replies = 0;
    for (let at = 0; at < byteCount; at += 1) if (bytes[at] === lineFeed) replies += 1;
    if (replies === 0) return;
    const latencyUs = LatencyRecorder.toMicroseconds(performance.now() - this.sentMs);
    const bucket = bucketOf(latencyUs);
    for (let reply = 0; reply < replies; reply += 1) this.recorder.record(recordedIndex, bucket, latencyUs);
    this.send(replies);
  }
}

/** `RPUSH` of a payload on so many connections, each with so many unanswered, for so long after a warm-up. */
export async function loadRedis(
  port: number,
  { connections, inFlight }: Shape,
  payload: string,
  warmupMs: number,
  durationMs: number,
): Promise<RedisFigures> {
  const command = `*3\r\n$5\r\nRPUSH\r\n$5\r\ninbox\r\n$${payload.length}\r\n${payload}\r\n`;
  const commands = Array.from({ length: inFlight + 1 }, (_, count) => command.repeat(count));
  const readBuffer = new Uint8Array(readBytes);
  const recorder = new LatencyRecorder();
  const lanes: RedisConnection[] = [];
  const measure = async (): Promise<RedisFigures> => {
    for (const lane of lanes) lane.send(inFlight);
    await delay(warmupMs);
    recorder.take();
    const startMs = performance.now();
    await delay(durationMs);
    const latencies = new LatencyHistogram(recorder.take(), [recordedIndex]);
    const requestsPerSecond = (latencies.count * 1_000) / (performance.now() - startMs);
    return { requestsPerSecond, p50: latencies.percentileMs(50), p99: latencies.percentileMs(99) };
  };
  try {
    return await new Promise<RedisFigures>((resolve, reject) => {
      let openCount = 0;
      const onOpen = (): void => {
        openCount += 1;
        if (openCount === connections) measure().then(resolve, reject);
      };
      for (let index = 0; index < connections; index += 1)
        lanes.push(new RedisConnection(port, commands, readBuffer, recorder, onOpen, reject));
    });
  } finally {
    for (const lane of lanes) lane.close();
  }
}
