/**
 * Reads sockets into one buffer that all connections share, instead of a fresh 64 KiB allocation for every read: at
 * 500 connections that is a quarter of what a request costs (ADR 0003).
 *
 * `net.connect` offers this as its documented `onread` option; for accepted sockets Node has no way to ask for it, so
 * the three fields that `onread` sets are set here, on plain and on encrypted sockets alike. Where a version of Node no
 * longer has them, sockets are read by their 'data' events: slower, but otherwise the same.
 */
import type { Socket } from 'node:net';

const readBufferBytes = 65_536;
const readBuffer = Buffer.allocUnsafeSlow(readBufferBytes);

/** Gets what was read: the first `byteCount` bytes of a buffer that is valid during the call only. */
export type ReadListener = (buffer: Buffer, byteCount: number) => void;

/** What Node keeps behind a socket; see `initSocketHandle` in its lib/net.js. */
interface ReadableHandle {
  useUserBuffer(buffer: Uint8Array): void;
}
type SocketInternals = Socket & { _handle?: Partial<ReadableHandle> | null } & Record<symbol, unknown>;

/**
 * Starts to read. Pausing, resuming and 'end' work as ever. What stands in the socket already, because another has read
 * it and put it back, is handed over once the caller is done with what it does now.
 */
export function readSocket(socket: Socket, onRead: ReadListener): void {
  if (socket.readableLength > 0) {
    const unread = socket.read() as Buffer;
    process.nextTick(() => {
      onRead(unread, unread.length);
    });
  }
  if (readIntoSharedBuffer(socket as SocketInternals, onRead)) return;
  socket.on('data', (chunk: Buffer) => {
    onRead(chunk, chunk.length);
  });
}

function readIntoSharedBuffer(socket: SocketInternals, onRead: ReadListener): boolean {
  const handle = socket._handle;
  const symbols = findSymbols(socket);
  if (symbols === undefined || typeof handle?.useUserBuffer !== 'function') return false;
  socket[symbols.buffer] = readBuffer;
  socket[symbols.callback] = (byteCount: number): boolean => {
    onRead(readBuffer, byteCount);
    return true;
  };
  handle.useUserBuffer(readBuffer);
  // Nobody listens to 'data': this starts the reading that a listener would have started.
  socket.resume();
  return true;
}

let knownSymbols: { readonly buffer: symbol; readonly callback: symbol } | undefined;

function findSymbols(socket: Socket): typeof knownSymbols {
  if (knownSymbols !== undefined) return knownSymbols;
  const own = Object.getOwnPropertySymbols(socket);
  const buffer = own.find(({ description }) => description === 'kBuffer');
  const callback = own.find(({ description }) => description === 'kBufferCb');
  if (buffer === undefined || callback === undefined) return undefined;
  knownSymbols = { buffer, callback };
  return knownSymbols;
}
