import type { Socket } from 'node:net';
import { ChatError, type ClientErrorCode } from './chat-error';
import { startSocket, type SocketTarget } from './start-socket';

const codes: Readonly<Record<string, ClientErrorCode>> = {
  ECONNREFUSED: 'CONNECTION_REFUSED',
  EHOSTUNREACH: 'HOST_UNREACHABLE',
  ENETUNREACH: 'HOST_UNREACHABLE',
  ETIMEDOUT: 'TIMEOUT',
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
};

/** How a server turns away who has as many connections as it allows, before it costs a handshake. */
const accessDenied = 'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED';

/**
 * Opens a connection, plain or encrypted with a server whose certificate is right. Rejects with a `ChatError` whose code
 * says why, after at most `timeoutMs`.
 */
export function openSocket(target: SocketTarget, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = startSocket(target, () => {
      clearTimeout(timer);
      socket.off('error', failed);
      resolve(socket);
    });
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    const failed = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      reject(connectFailure(error));
    };
    socket.once('error', failed);
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
