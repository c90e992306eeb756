/**
 * Writes texts straight to a socket's handle while nothing of it is queued, past Node's streams, whose bookkeeping costs
 * half a microsecond a reply (ADR 0012). What the kernel does not take at once libuv keeps, as it does for streams; until
 * that is out, further texts go through the stream, and so come after it.
 *
 * Encrypted sockets are written to by `socket.write`, and so are all sockets where a version of Node lacks the
 * internals that this needs: slower, but otherwise the same.
 */
import type { Socket } from 'node:net';

/** A write that the kernel has not taken whole; see Node's lib/internal/stream_base_commons.js. */
interface WriteRequest {
  /** Gets 0, or a negative error number. */
  oncomplete: (status: number) => void;
}

/** What Node keeps behind a socket. */
interface WritableHandle {
  /** Bytes that wait for the kernel. */
  readonly writeQueueSize: number;
  /** Returns 0, or a negative error number. */
  writeLatin1String(request: WriteRequest, text: string): number;
}
type SocketInternals = Socket & { readonly _handle?: WritableHandle | null };

interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  readonly streamBaseState: Int32Array;
  readonly kLastWriteWasAsync: number;
}

const streams = findStreamBinding();

/** Serves all sockets: only a write that fails or takes its time uses a request up. */
let spareRequest: WriteRequest | undefined;

export class SocketWriter {
  private readonly isDirect: boolean;
  /** The length of a text of which libuv keeps what the kernel has not taken; 0 when there is none. */
  private keptBytes = 0;
  private writtenBytes = 0;
  /** As `hasProgressed` saw them last: bytes of texts that are out whole, and of others that the kernel has not taken. */
  private outBytes = 0;
  private heldBytes = 0;

  /** @param onDrained Hears that what was queued is out, but for little, if it was more than a little. */
  constructor(
    private readonly socket: SocketInternals,
    private readonly onDrained: () => void,
  ) {
    this.isDirect = streams !== undefined && socket._handle?.constructor.name === 'TCP';
    socket.on('drain', onDrained);
  }

  /** Bytes of all texts that are not out whole. */
  get queuedBytes(): number {
    return this.keptBytes + this.socket.writableLength;
  }

  /** Whether the kernel has taken any of what waits since this was asked last. */
  hasProgressed(): boolean {
    const outBytes = this.writtenBytes - this.queuedBytes;
    const heldBytes = this.socket._handle?.writeQueueSize ?? 0;
    const hasProgressed = outBytes !== this.outBytes || heldBytes < this.heldBytes;
    this.outBytes = outBytes;
    this.heldBytes = heldBytes;
    return hasProgressed;
  }

  /** Writes a byte for each character, all of which are below 256. Drops them when the socket is closed or was ended. */
  write(text: string): void {
    const { socket } = this;
    const handle = socket._handle;
    // A socket that is destroyed has no handle any more.
    if (handle === null || handle === undefined || socket.writableEnded) return;
    this.writtenBytes += text.length;
    if (this.isDirect && this.queuedBytes === 0) this.writeTo(handle, text);
    else socket.write(text, 'latin1');
  }

  private writeTo(handle: WritableHandle, text: string): void {
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = streams!;
    const request = (spareRequest ??= new WriteWrap());
    const error = handle.writeLatin1String(request, text);
    if (error === 0 && streamBaseState[kLastWriteWasAsync] === 0) return;
    spareRequest = undefined;
    if (error !== 0) {
      this.socket.destroy();
      return;
    }
    this.keptBytes = text.length;
    request.oncomplete = (status) => {
      this.completeKept(status);
    };
  }

  private completeKept(status: number): void {
    const { socket } = this;
    this.keptBytes = 0;
    if (status !== 0) socket.destroy();
    // Past its mark, the stream tells by 'drain' when it is empty.
    else if (socket.writableLength < socket.writableHighWaterMark) this.onDrained();
  }
}

function findStreamBinding(): StreamBinding | undefined {
  try {
    return (process as unknown as { binding: (name: string) => StreamBinding }).binding('stream_wrap');
  } catch {
    return undefined;
  }
}
