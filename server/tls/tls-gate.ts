/**
 * Stands between the listener and the connections of a server that speaks TLS: takes accepted sockets, hands on
 * encrypted ones. A socket whose handshake is not complete is *pending*, for a bounded time, and there is a bounded
 * number of them. Where many are pending already, a new one takes the place of one that has had its time: honest
 * clients are quick.
 */
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { errorFrame } from '../../shared/protocol/reply-writer';
import type { Logger } from '../logger';
import { dismissSocket } from '../socket-end';
import { secureContextOptions, type TlsIdentity } from './tls-identity';

/** The first byte of a TLS connection: the record type of a handshake. No request line begins with it. */
const handshakeRecord = 0x16;

/** Before a record's content: its type, its version and, in two bytes, its length. */
const recordHeaderBytes = 5;
const recordLengthAt = 3;
/** What RFC 8446 allows a record without encryption (section 5.1). */
const recordBytesMax = 16_384;

/** A fatal alert, `access_denied` (RFC 8446, section 6). */
const accessDenied = Buffer.from('15030300020231', 'hex');

/** Pending sockets at once; each costs up to 50 KiB. */
const pendingMax = 4_096;
/** Past this many, one that has been pending for longer than the patience below goes when another one comes. */
const pendingPlenty = 512;
const patienceMs = 2_000;
/**
 * Handshakes that are started in one turn of the event loop. Each costs this thread a millisecond, in which it does
 * nothing for others.
 */
const startsPerTurn = 4;

export interface TlsGateOptions {
  readonly handshakeTimeoutMs: number;
  /** What clients type to come here with TLS, told to those who came without. */
  readonly connectArguments: () => string;
}

interface PendingSocket {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
  readonly sinceMs: number;
  readonly onSecure: (secured: Socket) => void;
  /** What has come of its first record; undefined until its first byte has. */
  firstBytes?: Buffer;
}

export class TlsGate {
  /** By endpoint, oldest first. */
  private readonly pending = new Map<string, PendingSocket>();
  /** Pending sockets whose handshake is to be started, in order. */
  private readonly ready: Socket[] = [];
  /** Never listens: it is given sockets. */
  private readonly server: tls.Server;

  constructor(
    identity: TlsIdentity,
    private readonly options: TlsGateOptions,
    private readonly log: Logger,
  ) {
    this.server = tls.createServer(secureContextOptions(identity), (secured) => {
      this.admit(secured);
    });
    this.server.on('tlsClientError', (error, socket) => {
      this.log.debug({ reason: error.message }, 'a TLS handshake failed');
      socket.destroy();
    });
  }

  /** What clients are shown from now on; connections that stand go on with what they were shown. */
  set identity(identity: TlsIdentity) {
    this.server.setSecureContext(secureContextOptions(identity));
  }

  /**
   * Does the handshake with a client; `onSecure` gets the encrypted socket when it is complete, and is not called when it
   * comes to nothing. What the socket holds unread counts as the client's first bytes.
   */
  secure(socket: Socket, onSecure: (secured: Socket) => void): void {
    const endpoint = endpointOf(socket);
    if (endpoint === undefined) {
      socket.destroy();
      return;
    }
    const nowMs = performance.now();
    this.makeRoom(nowMs);
    const timer = setTimeout(() => {
      this.expire(pending);
    }, this.options.handshakeTimeoutMs);
    const pending: PendingSocket = { socket, timer, sinceMs: nowMs, onSecure };
    this.pending.set(endpoint, pending);
    // A reset by the peer ends in 'close' like everything else.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.forget(endpoint, pending);
    });
    this.awaitHello(pending);
  }

  /** Turns away a client, in a way that its TLS understands, for no more than a few bytes. */
  deny(socket: Socket): void {
    dismissSocket(socket, accessDenied);
  }

  /** Cuts the sockets whose handshake is not complete. */
  cutPending(): void {
    for (const { socket } of this.pending.values()) socket.destroy();
  }

  /** A handshake begins once the client's first record is whole: until then it costs no more than what has come of it. */
  private awaitHello(pending: PendingSocket): void {
    pending.socket.once('readable', () => {
      this.readHello(pending);
    });
  }

  private readHello(pending: PendingSocket): void {
    const { socket } = pending;
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) {
      // Its client has left.
      socket.destroy();
      return;
    }
    const firstBytes = pending.firstBytes === undefined ? bytes : Buffer.concat([pending.firstBytes, bytes]);
    pending.firstBytes = firstBytes;
    if (firstBytes[0] !== handshakeRecord) {
      this.refusePlainText(socket);
      return;
    }
    if (!holdsWholeRecord(firstBytes)) {
      this.awaitHello(pending);
      return;
    }
    socket.unshift(firstBytes);
    this.ready.push(socket);
    if (this.ready.length === 1) this.startSoon();
  }

  private startSoon(): void {
    setImmediate(() => {
      for (const socket of this.ready.splice(0, startsPerTurn))
        if (!socket.destroyed) this.server.emit('connection', socket);
      if (this.ready.length > 0) this.startSoon();
    });
  }

  private admit(secured: tls.TLSSocket): void {
    const endpoint = endpointOf(secured);
    const pending = endpoint === undefined ? undefined : this.pending.get(endpoint);
    if (endpoint === undefined || pending === undefined) {
      secured.destroy();
      return;
    }
    this.forget(endpoint, pending);
    // Node reports a record that was tampered with, and leaves the connection as it is.
    secured.on('error', () => secured.destroy());
    pending.onSecure(secured);
  }

  private forget(endpoint: string, pending: PendingSocket): void {
    clearTimeout(pending.timer);
    if (this.pending.get(endpoint) === pending) this.pending.delete(endpoint);
  }

  private expire({ socket, firstBytes }: PendingSocket): void {
    this.log.debug('closed a connection whose TLS handshake took too long');
    if (firstBytes === undefined) this.refusePlainText(socket);
    else socket.destroy();
  }

  /** Clients that all come at once, as after a restart, may stay; those that do not go on with their handshakes go. */
  private makeRoom(nowMs: number): void {
    if (this.pending.size < pendingPlenty) return;
    const [oldest] = this.pending;
    if (oldest === undefined) return;
    const [endpoint, pending] = oldest;
    if (this.pending.size < pendingMax && nowMs - pending.sinceMs < patienceMs) return;
    this.log.debug({ pending: this.pending.size }, 'cut the oldest of many unfinished TLS handshakes');
    this.forget(endpoint, pending);
    pending.socket.destroy();
  }

  /** To people, and to clients that show what they are told: a client that waits for TLS fails either way. */
  private refusePlainText(socket: Socket): void {
    const message = `This port speaks TLS. Try: chat-client connect ${this.options.connectArguments()}`;
    const frame = errorFrame('BAD_REQUEST', message);
    socket.removeAllListeners('readable');
    dismissSocket(socket, frame);
  }
}

/** Also true of a record that is longer than any may be: the handshake will say so. */
function holdsWholeRecord(bytes: Buffer): boolean {
  if (bytes.length < recordHeaderBytes) return false;
  const recordBytes = bytes.readUInt16BE(recordLengthAt);
  return recordBytes > recordBytesMax || bytes.length >= recordHeaderBytes + recordBytes;
}

/** Tells apart the connections there are; undefined when the peer has left already. The encrypted socket has its plain one's. */
function endpointOf(socket: Socket): string | undefined {
  const { remoteAddress, remotePort, localAddress } = socket;
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress}`;
}
