import net from 'node:net';
import { ChatError, type ClientErrorCode } from './chat-error';

const codes: Readonly<Record<string, ClientErrorCode>> = {
  ECONNREFUSED: 'CONNECTION_REFUSED',
  EHOSTUNREACH: 'HOST_UNREACHABLE',
  ENETUNREACH: 'HOST_UNREACHABLE',
  ETIMEDOUT: 'TIMEOUT',
};

const reasons: Readonly<Record<string, string>> = {
  CONNECTION_REFUSED: 'connection refused',
  HOST_NOT_FOUND: 'no such host',
  HOST_UNREACHABLE: 'no route to the host',
  TIMEOUT: 'no answer in time',
};

/** Opens a TCP connection. Rejects with a `ChatError` whose code says why, after at most `timeoutMs`. */
export function openSocket(host: string, port: number, timeoutMs: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    const failed = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      reject(connectFailure(error));
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

function connectFailure(error: NodeJS.ErrnoException): ChatError {
  const isUnknownHost = error.syscall === 'getaddrinfo';
  const code = isUnknownHost ? 'HOST_NOT_FOUND' : (codes[error.code ?? ''] ?? 'CONNECTION_FAILED');
  return new ChatError(code, reasons[code] ?? error.message, { cause: error });
}
