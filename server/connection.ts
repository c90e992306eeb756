/**
 * One client's connection: bytes in, lines to the dispatcher, replies out, and every bound in between.
 *
 * States: idle (nothing to do) → waiting (in the dispatcher's queue) → running (its lines are under way) → idle.
 * A connection whose client does not read its replies is *congested*: it is not read from and not enqueued until its
 * send queue has drained, and cut when nothing of it leaves for too long. One that is over its budget
 * (`limits/flood-guard.ts`) is not read from for a while; what was read over it is refused in its turn, after all that
 * was read before.
 */
import type { Socket } from 'node:net';
import type { Deferral, FinishedCommand, Subscription } from '../shared/batch/tasks';
import { detectForeignProtocol, tlsMarkBytes } from '../shared/protocol/foreign-protocol';
import { LineFramer } from '../shared/protocol/line-framer';
import { errorFrame } from '../shared/protocol/reply-writer';
import { SocketWriter } from '../shared/sockets/socket-writer';
import type { RequestSource, SegmentResult } from './dispatcher';
import type { Client } from './limits/client';
import type { ConnectionBudget } from './limits/flood-budget';
import { FloodGuard } from './limits/flood-guard';
import { endSocket } from './socket-end';
import { readSocket } from './socket-reader';

/** Whole lines held for a connection whose earlier ones are under way. Past this it is not read from. */
const readAheadBytesMax = 65_536;
/** Replies that the client has not read yet. Past this it is neither read from nor served. */
const sendQueueBytesMax = 262_144;

const newline = 0x0a;
const unknownOutcome = errorFrame('UNKNOWN_OUTCOME');

/** What a connection needs of the server around it. */
export interface ConnectionHost {
  readonly lineBytesMax: number;
  /** See `Dispatcher.append`. */
  append(connection: Connection, lines: Uint8Array, lengthBytes: number): boolean;
  enqueue(connection: Connection): void;
  runSlow(deferral: Deferral, connection: Connection): Promise<FinishedCommand>;
  /** What is typed after `chat-client connect` to come here, for those who came with another protocol. */
  readonly address: () => string;
  /** The client is to get the live frames of a session. */
  subscribe(connection: Connection, subscription: Subscription): void;
  /** A connection that used sessions of `previous` (0 for nobody) uses one of `next`. */
  moved(previous: number, next: number): void;
  /** The client reads its replies again. */
  relieved(connection: Connection): void;
  forget(connection: Connection): void;
}

export class Connection implements RequestSource {
  /** When bytes last arrived. As `performance.now()` counts, like all that follow: the clock may be set. */
  lastReceivedMs: number;
  /** When the send queue went over its bound; undefined while it is under it. */
  congestedSinceMs: number | undefined;
  /**
   * When this side wrote the last that it has to say; undefined until then. It is out once the client has read what was
   * written before.
   */
  endedSinceMs: number | undefined;
  /** When the client was last seen to take some of what waits for it. */
  private takenMs = 0;
  /** When the first byte of an unfinished request came; 0 when there is none. */
  partialSinceMs = 0;
  /** The user whose session was last used here; 0 until then, and when that session has ended. */
  user = 0;
  /** Whether a session was ever used here. */
  isKnown = false;

  private readonly framer: LineFramer;
  private readonly writer: SocketWriter;
  /** Undefined: the client may ask for as much as it likes. */
  private readonly flood: FloodGuard | undefined;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private state: 'idle' | 'waiting' | 'running' = 'idle';
  private isPaused = false;
  private isIdentified = false;
  /** The client will send no more. */
  private hasEnded = false;
  /** This side reads no more: the server stops. */
  private isDraining = false;
  private isClosed = false;

  constructor(
    private readonly socket: Socket,
    private readonly host: ConnectionHost,
    readonly client: Client,
    budget: ConnectionBudget | undefined,
    nowMs: number,
  ) {
    this.lastReceivedMs = nowMs;
    if (budget !== undefined)
      this.flood = new FloodGuard(budget, () => {
        if (this.state === 'idle') this.proceed();
      });
    this.framer = new LineFramer(host.lineBytesMax);
    readSocket(socket, (buffer, byteCount) => {
      this.receive(buffer, byteCount);
    });
    socket.on('end', () => {
      this.hasEnded = true;
      this.endWhenDone();
    });
    this.writer = new SocketWriter(socket, () => {
      this.relieve();
    });
    // A reset by the peer ends in 'close' like everything else.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.pending = [];
      this.flood?.stop();
      host.forget(this);
    });
  }

  takeLines(bytesMax: number): Buffer | undefined {
    if (this.pending.length === 0) {
      this.state = 'idle';
      return undefined;
    }
    this.state = 'running';
    let lines = this.pending.length === 1 ? this.pending[0]! : Buffer.concat(this.pending);
    this.pending = [];
    if (lines.length > bytesMax) {
      const end = lines.lastIndexOf(newline, bytesMax - 1) + 1;
      if (end === 0)
        throw new Error(`a line longer than the ${bytesMax} bytes that a batch takes of a connection`);
      this.pending = [lines.subarray(end)];
      lines = lines.subarray(0, end);
    }
    this.pendingBytes -= lines.length;
    return lines;
  }

  complete({ replies, unconsumed, user, hasLeft, deferral, subscription }: SegmentResult): void {
    if (unconsumed !== undefined) {
      this.pending.unshift(unconsumed);
      this.pendingBytes += unconsumed.length;
    }
    if (user !== 0) this.belongTo(hasLeft ? 0 : user);
    this.write(subscription === undefined ? replies : replies + subscription.reply);
    if (subscription !== undefined && !this.isClosed) this.host.subscribe(this, subscription);
    if (deferral === undefined) this.proceed();
    else this.waitForSlow(deferral);
  }

  /** Answers `count` requests whose thread died: they may or may not have been carried out. */
  completeUnknown(count: number): void {
    this.write(unknownOutcome.repeat(count));
    this.proceed();
  }

  /** Writes frames that the client has subscribed to. False when it reads too slowly: more is to wait. */
  push(frames: string): boolean {
    this.write(frames);
    return this.congestedSinceMs === undefined;
  }

  /** The session that was used here was ended elsewhere. */
  loseUser(): void {
    if (this.user !== 0) this.belongTo(0);
  }

  /** Nothing of it is under way or waits. */
  get isIdle(): boolean {
    return this.state === 'idle' && this.pendingBytes === 0 && this.flood?.owesRefusals !== true;
  }

  /** Whether a request has been unfinished since before then, and its client could have finished it all the time. */
  isPartialSince(timeMs: number): boolean {
    return this.partialSinceMs !== 0 && this.partialSinceMs < timeMs && !this.isPaused && this.isIdle;
  }

  /**
   * Since when the client has taken nothing of what it should take; undefined when there is nothing that it should.
   * What it takes is noticed only when this is asked, so it is to be asked now and then.
   */
  unreadSinceMs(nowMs: number): number | undefined {
    // What was ended is gone by then, unless its client does not read what is left.
    const sinceMs = this.congestedSinceMs ?? this.endedSinceMs;
    if (sinceMs === undefined) return undefined;
    if (this.writer.hasProgressed()) this.takenMs = nowMs;
    return Math.max(sinceMs, this.takenMs);
  }

  /** Takes no more requests, finishes those that were read, then closes. */
  drain(): void {
    this.isDraining = true;
    this.endWhenDone();
  }

  /** Closes, after a last frame if one is given. */
  close(lastFrame?: string): void {
    this.isDraining = true;
    this.pending = [];
    this.pendingBytes = 0;
    this.flood?.dropRefusals();
    if (lastFrame !== undefined) this.writer.write(lastFrame);
    this.endedSinceMs ??= performance.now();
    endSocket(this.socket);
  }

  /** Cuts the connection, dropping what its client has not read. */
  cut(): void {
    this.socket.destroy();
  }

  private receive(buffer: Buffer, byteCount: number): void {
    this.lastReceivedMs = performance.now();
    // Read and dropped: closing a socket with unread bytes would make the kernel drop the last replies too.
    if (this.isDraining) return;
    if (this.flood !== undefined && this.isOver(this.flood, buffer, byteCount)) return;
    if (this.sendOn(buffer, byteCount)) return;
    this.take(Buffer.from(buffer.subarray(0, byteCount)));
  }

  private take(chunk: Buffer): void {
    const lines = this.frame(chunk);
    if (!this.isIdentified && this.isForeign(chunk, lines)) return;
    if (lines === undefined) return;
    this.pending.push(lines);
    this.pendingBytes += lines.length;
    if (this.pendingBytes > readAheadBytesMax) this.pause();
    if (this.state === 'idle' && this.congestedSinceMs === undefined) this.enqueue();
  }

  /** The whole lines that a chunk completes. */
  private frame(chunk: Buffer): Buffer | undefined {
    const lines = this.framer.push(chunk);
    if (this.framer.isAtLineStart) this.partialSinceMs = 0;
    else if (this.partialSinceMs === 0 || chunk.includes(newline)) this.partialSinceMs = this.lastReceivedMs;
    return lines;
  }

  /** When what was read is more than the budget: takes what is within it, and refuses the rest. */
  private isOver(flood: FloodGuard, buffer: Buffer, byteCount: number): boolean {
    const withinBytes = flood.take(buffer, byteCount);
    if (withinBytes === undefined) return false;
    if (withinBytes > 0) this.take(Buffer.from(buffer.subarray(0, withinBytes)));
    // It came with another protocol and was told so.
    if (this.isDraining) return true;
    if (withinBytes < byteCount) {
      const lines = this.frame(Buffer.from(buffer.subarray(withinBytes, byteCount)));
      if (flood.refuse(lines) && this.state === 'idle') this.proceed();
    }
    this.pause();
    flood.wait();
    return true;
  }

  /** Writes refusals as long as the client reads them. False when some are left. */
  private writeRefusals(flood: FloodGuard): boolean {
    while (flood.owesRefusals && this.congestedSinceMs === undefined && !this.isClosed)
      this.write(flood.takeRefusals());
    return !flood.owesRefusals;
  }

  /** The common case, without a copy in between: whole lines only, nothing before them, and room in the open batch. */
  private sendOn(buffer: Buffer, byteCount: number): boolean {
    const isPlain =
      this.state === 'idle' &&
      this.isIdentified &&
      this.congestedSinceMs === undefined &&
      byteCount <= this.host.lineBytesMax &&
      buffer[byteCount - 1] === newline &&
      this.framer.isAtLineStart;
    if (!isPlain || !this.host.append(this, buffer, byteCount)) return false;
    this.state = 'running';
    return true;
  }

  /** Looks at a connection's first line, or at the first bytes of it while it is not whole. */
  private isForeign(chunk: Buffer, lines: Buffer | undefined): boolean {
    const { partialLine, partialBytes } = this.framer;
    const firstBytes = lines ?? partialLine;
    // An unfinished line is not looked at again for every piece of it.
    const wasLookedAt = lines === undefined && partialBytes - chunk.length >= tlsMarkBytes;
    if (firstBytes === undefined || wasLookedAt) return false;
    this.isIdentified = lines !== undefined;
    const foreign = detectForeignProtocol(firstBytes);
    if (foreign === undefined) return false;
    const message =
      `This port speaks the Benang chat protocol in plain text lines, not ${foreign}. ` +
      `Try: chat-client connect ${this.host.address()}`;
    this.close(errorFrame('BAD_REQUEST', message));
    return true;
  }

  private enqueue(): void {
    this.state = 'waiting';
    this.host.enqueue(this);
  }

  private write(replies: string): void {
    if (replies.length === 0) return;
    this.writer.write(replies);
    if (this.congestedSinceMs === undefined && this.writer.queuedBytes > sendQueueBytesMax) {
      this.congestedSinceMs = performance.now();
      this.pause();
    }
  }

  private relieve(): void {
    if (this.congestedSinceMs === undefined) return;
    this.congestedSinceMs = undefined;
    this.host.relieved(this);
    if (this.state === 'idle') this.proceed();
  }

  /** Goes on after its lines were carried out. */
  private proceed(): void {
    this.state = 'idle';
    if (this.isClosed || this.congestedSinceMs !== undefined) return;
    if (this.pendingBytes > 0) {
      this.enqueue();
      return;
    }
    if (this.flood !== undefined && !this.writeRefusals(this.flood)) return;
    if (this.isPaused && this.flood?.isWaiting !== true) this.resume();
    this.endWhenDone();
  }

  private waitForSlow(deferral: Deferral): void {
    this.host.runSlow(deferral, this).then(
      ({ reply, user }) => {
        if (user !== 0) this.belongTo(user);
        this.write(reply);
        this.proceed();
      },
      () => {
        this.completeUnknown(1);
      },
    );
  }

  private belongTo(user: number): void {
    this.isKnown = true;
    const previous = this.user;
    if (user === previous) return;
    this.user = user;
    if (user !== 0) this.flood?.claim(user);
    if (!this.isClosed) this.host.moved(previous, user);
  }

  private pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.socket.pause();
  }

  private resume(): void {
    this.isPaused = false;
    // While it was not read from, a request could not be finished.
    if (this.partialSinceMs !== 0) this.partialSinceMs = performance.now();
    this.socket.resume();
  }

  private endWhenDone(): void {
    if (!this.isIdle || (!this.isDraining && !this.hasEnded)) return;
    this.endedSinceMs ??= performance.now();
    if (this.isDraining) endSocket(this.socket);
    else this.socket.end();
  }
}
