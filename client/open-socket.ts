import type { Socket } from 'node:net';
import { ChatError, type ClientErrorCode } from './chat-error';
import { startSocket, type SocketTarget } from './start-socket';

const codes: Readonly<Record<string, ClientErrorCode>> = {
  ECONNREFUSED: 'CONNECTION_REFUSED',
  EHOSTUNREACH: 'HOST_UNREACHABLE',
  ENETUNREACH: 'HOST_UNREACHABLE',
  ETIMEDOUT: 'TIMEOUT',
  ABORT_ERR: 'CONNECTION_CLOSED',
  // What OpenSSL makes of an answer in plain text.
  ERR_SSL_WRONG_VERSION_NUMBER: 'TLS_NOT_SPOKEN',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'TLS_NOT_SPOKEN',
};

const reasons: Readonly<Record<string, string>> = {
  CONNECTION_REFUSED: 'connection refused',
  HOST_NOT_FOUND: 'no such host',
  HOST_UNREACHABLE: 'no route to the host',
  TIMEOUT: 'no answer in time',
  TLS_NOT_SPOKEN: 'that port does not speak TLS',
  CONNECTION_CLOSED: 'the connection was closed on this side',
};

/** How a server turns away an address that has as many connections as it allows, before they cost it a handshake. */
const accessDenied = 'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED';

/**
 * Opens a connection, plain or encrypted with a server whose certificate is right. Rejects with a `ChatError` whose code
 * says why, after at most `timeoutMs`; CONNECTION_CLOSED when the signal says that nobody wants it any more.
 */
export function openSocket(target: SocketTarget, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const giveUp = (reason: string, code: string): void => {
      socket.destroy(Object.assign(new Error(reason), { code }));
    };
    const abort = (): void => {
      giveUp('given up', 'ABORT_ERR');
    };
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const socket = startSocket(target, () => {
      settle();
      socket.off('error', failed);
      resolve(socket);
    });
    const timer = setTimeout(() => {
      giveUp('no answer', 'ETIMEDOUT');
    }, timeoutMs);
    const failed = (error: NodeJS.ErrnoException): void => {
      settle();
      reject(connectFailure(error));
    };
    socket.once('error', failed);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
  });
}

function connectFailure(error: NodeJS.ErrnoException): ChatError {
  if (error instanceof ChatError) return error;
  const isUnknownHost = error.syscall === 'getaddrinfo';
  if (error.code === accessDenied) {
    return new ChatError('RATE_LIMITED', 'the server takes no more connections from this address', {
      cause: error,
    });
  }
  const code = isUnknownHost ? 'HOST_NOT_FOUND' : (codes[error.code ?? ''] ?? 'CONNECTION_FAILED');
  return new ChatError(code, reasons[code] ?? error.message, { cause: error });
}
