/**
 * Accepts sockets and keeps the table of connections: how many there may be, which have been silent, unread or
 * unfinished for too long.
 */
import net, { type AddressInfo, type Socket } from 'node:net';
import { errorFrame } from '../shared/protocol/reply-writer';
import { Connection, type ConnectionHost } from './connection';
import type { Client } from './limits/client';
import type { Limits } from './limits/limits';
import { rateLimitedFrame } from './limits/rate-limited';
import type { Logger } from './logger';
import { ProxiedSockets } from './proxied-sockets';
import { dismissSocket } from './socket-end';
import { exitCode, StartError } from './start-error';
import { TlsGate } from './tls/tls-gate';
import type { TlsIdentity } from './tls/tls-identity';

const sweepIntervalMs = 1_000;
const keepAliveDelayMs = 60_000;
/** From being accepted to being encrypted. */
const handshakeTimeoutMs = 10_000;
/** The kernel's queue of connections not accepted yet; a fleet that reconnects at once needs a long one. */
const backlog = 4_096;

const busy = errorFrame('BUSY');
const tooManyFromAddress = rateLimitedFrame(1_000, 'Terlalu banyak koneksi dari alamat ini');

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly loginTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly lineTimeoutMs: number;
  /** With it, TLS is spoken, and nothing else. */
  readonly identity: TlsIdentity | undefined;
}

export class Listener {
  readonly connections = new Set<Connection>();
  /** Connections at once. May be changed while running. */
  connectionsMax: number;
  private readonly connectionHost: ConnectionHost;
  private readonly server: net.Server;
  private readonly proxied: ProxiedSockets;
  private readonly unfinished: string;
  private readonly gate: TlsGate | undefined;
  private sweep: NodeJS.Timeout | undefined;
  /** Since the last sweep, for want of a place. */
  private busyRefusals = 0;

  constructor(
    private readonly options: ListenerOptions,
    connectionsMax: number,
    host: Omit<ConnectionHost, 'address'>,
    private readonly limits: Limits,
    private readonly log: Logger,
  ) {
    this.connectionsMax = connectionsMax;
    this.connectionHost = {
      ...host,
      address: () => this.connectArguments,
      forget: (connection) => {
        this.connections.delete(connection);
        host.forget(connection);
      },
    };
    this.proxied = new ProxiedSockets(log);
    const message = `Request tidak selesai dalam ${options.lineTimeoutMs / 1_000} detik`;
    this.unfinished = errorFrame('BAD_REQUEST', message);
    this.server = net.createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs },
      (socket) => {
        this.accept(socket);
      },
    );
    const { identity } = options;
    if (identity === undefined) return;
    this.gate = new TlsGate(
      identity,
      { handshakeTimeoutMs, connectArguments: () => this.connectArguments },
      log,
    );
  }

  /** What clients are shown from now on. Only of a listener that speaks TLS. */
  set identity(identity: TlsIdentity) {
    if (this.gate === undefined) throw new Error('a plain-text listener shows no certificate');
    this.gate.identity = identity;
  }

  /** Starts to listen; returns the port. Throws a `StartError` when the address cannot be had. */
  async listen(): Promise<number> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => {
        reject(listenError(error, host, port));
      });
      this.server.listen({ host, port, backlog }, resolve);
    });
    this.server.removeAllListeners('error');
    this.server.on('error', (error) => {
      this.log.error({ err: error }, 'the listener failed');
    });
    this.sweep = setInterval(() => {
      this.cutOverdue(performance.now());
      this.reportRefusals();
    }, sweepIntervalMs);
    return this.port;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Accepts no more and lets every connection finish; resolves when all are closed. */
  async drain(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    this.proxied.cutAll();
    this.gate?.cutPending();
    for (const connection of this.connections) connection.drain();
    await closed;
    clearInterval(this.sweep);
  }

  /** Cuts every connection. */
  cutAll(): void {
    for (const connection of this.connections) connection.cut();
  }

  /** What is typed after `chat-client connect` to come here. */
  private get connectArguments(): string {
    const address = formatAddress(this.options.host, this.port);
    return this.gate === undefined ? address : `--tls ${address}`;
  }

  private accept(socket: Socket): void {
    if (this.gate === undefined && this.isFull) {
      this.refuseBusy(socket);
      return;
    }
    const peer = this.limits.clientAt(socket.remoteAddress);
    if (this.limits.proxies?.includes(peer) !== true) {
      this.admit(socket, peer);
      return;
    }
    this.proxied.readHeader(socket, peer, (source) => {
      this.admit(socket, source === undefined ? peer : this.limits.clientAt(source));
    });
  }

  /** Takes in a client that is known by its address. Nothing but a PROXY header has been read of the socket. */
  private admit(socket: Socket, client: Client): void {
    if (!client.isExempt && !this.takesPlace(socket, client)) return;
    if (this.gate === undefined) {
      this.serve(socket, client);
      return;
    }
    this.gate.secure(socket, (secured) => {
      // Said through TLS, where the client understands it.
      if (this.isFull) this.refuseBusy(secured);
      else this.serve(secured, client);
    });
  }

  private serve(socket: Socket, client: Client): void {
    const budget = this.limits.budgetFor(client);
    this.connections.add(new Connection(socket, this.connectionHost, client, budget, performance.now()));
  }

  /** Counts a socket for its address until it is closed; false when it was refused. */
  private takesPlace(socket: Socket, { text, network }: Client): boolean {
    const { connections } = this.limits;
    if (connections.enter(network)) {
      socket.once('close', () => {
        connections.leave(network);
      });
      return true;
    }
    if (connections.isFirstRefusal(network))
      this.log.warn({ address: text }, 'refused a connection: its address has as many as allowed');
    if (this.gate === undefined) dismissSocket(socket, tooManyFromAddress);
    else this.gate.deny(socket);
    return false;
  }

  private get isFull(): boolean {
    return this.connections.size + this.proxied.size >= this.connectionsMax;
  }

  private refuseBusy(socket: Socket): void {
    const { connectionsMax } = this;
    if (this.busyRefusals === 0)
      this.log.warn({ connectionsMax }, 'refused a connection: there are as many as allowed');
    this.busyRefusals += 1;
    dismissSocket(socket, busy);
  }

  /** What a flood of connections comes to, in one line for many. */
  private reportRefusals(): void {
    const { connectionsMax, busyRefusals } = this;
    if (busyRefusals > 1)
      this.log.warn({ connectionsMax, refused: busyRefusals - 1 }, 'refused more connections');
    this.busyRefusals = 0;
  }

  private cutOverdue(nowMs: number): void {
    const { loginTimeoutMs, sendTimeoutMs, lineTimeoutMs } = this.options;
    for (const connection of this.connections) {
      const { client } = connection;
      const unreadSinceMs = connection.unreadSinceMs(nowMs);
      if (unreadSinceMs !== undefined && nowMs - unreadSinceMs > sendTimeoutMs) {
        this.log.info({ address: client.text }, 'cut a connection that left its replies unread');
        connection.cut();
      } else if (connection.isPartialSince(nowMs - lineTimeoutMs)) {
        this.log.info({ address: client.text }, 'closed a connection that did not finish a request');
        connection.close(this.unfinished);
      } else if (isSilent(connection, nowMs, loginTimeoutMs)) {
        this.log.debug({ address: client.text }, 'closed a silent connection that never logged in');
        connection.close();
      }
    }
  }
}

/** It has never used a session, and neither side owes the other anything. */
function isSilent(connection: Connection, nowMs: number, loginTimeoutMs: number): boolean {
  return !connection.isKnown && connection.isIdle && nowMs - connection.lastReceivedMs > loginTimeoutMs;
}

/** `host:port` as a client would type it. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const address = formatAddress(host, port);
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `${address} is in use. Is a server running there already? Choose another port with --port.`,
    EACCES: `not allowed to listen on ${address}. Ports below 1024 need privileges; choose another with --port.`,
    EADDRNOTAVAIL: `this machine has no address ${host}. Choose one that it has with --host.`,
    ENOTFOUND: `the name ${host} has no address. Choose an address of this machine with --host.`,
    EAI_AGAIN: `the name ${host} cannot be looked up now. Choose an address of this machine with --host.`,
  };
  const reason = error.code === undefined ? undefined : reasons[error.code];
  return reason === undefined ? error : new StartError(reason, exitCode.addressUnavailable);
}
