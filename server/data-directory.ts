/**
 * A data directory and its one owner. Who listens on the directory's control socket owns it; the kernel lets go of a
 * socket with its process, so a crash leaves nothing that has to be cleaned up by hand.
 */
import { chmodSync, closeSync, constants, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { dataFolders } from '../shared/journal/data-folders';
import { exitCode, StartError } from './start-error';

/** A socket's path is at most this long (`sun_path` in unix(7), less one for the end). */
const socketPathBytesMax = 107;

export class DataDirectory {
  private constructor(
    readonly folder: string,
    private readonly socket: SocketPath,
    private readonly server: net.Server,
  ) {}

  /**
   * Makes the directory where it is missing, for its owner alone, and takes it. `onConnection` serves the control
   * socket. Throws a `StartError` when another server has it, or it cannot be used.
   */
  static async own(folder: string, onConnection: (socket: net.Socket) => void): Promise<DataDirectory> {
    makePrivate(folder);
    const socket = openSocketPath(folder);
    const server = net.createServer(onConnection);
    try {
      await claim(server, socket.path, folder);
    } catch (error) {
      socket.close();
      throw error;
    }
    chmodSync(socket.path, 0o600);
    return new DataDirectory(folder, socket, server);
  }

  /** Lets another have it. */
  async release(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
    this.socket.close();
  }
}

/** Whether a server owns the directory now; the connection to it when one does. */
export async function connectToOwner(folder: string): Promise<net.Socket | undefined> {
  const socket = openSocketPath(folder);
  try {
    return await connect(socket.path);
  } finally {
    socket.close();
  }
}

function makePrivate(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  } catch (error) {
    throw new StartError(
      `cannot use the data directory ${folder}: ${messageOf(error)}`,
      exitCode.dataUnavailable,
    );
  }
}

async function claim(server: net.Server, socketPath: string, folder: string): Promise<void> {
  try {
    await listen(server, socketPath);
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
  }
  const owner = await connect(socketPath);
  if (owner !== undefined) {
    owner.destroy();
    throw new StartError(
      `${folder} is in use by another chat-server. Stop that one, or choose another directory with --data.`,
      exitCode.dataUnavailable,
    );
  }
  // Nobody listens: its owner has died.
  rmSync(socketPath);
  await listen(server, socketPath);
}

function listen(server: net.Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

/** A connection to the owner, or undefined when there is none. */
function connect(socketPath: string): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('error', () => {
      resolve(undefined);
    });
  });
}

interface SocketPath {
  readonly path: string;
  close(): void;
}

/** The control socket's path; by way of the open directory when it is too long for a socket. */
function openSocketPath(folder: string): SocketPath {
  const socketPath = dataFolders(path.resolve(folder)).socket;
  if (Buffer.byteLength(socketPath) <= socketPathBytesMax)
    return { path: socketPath, close: () => undefined };
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: path.join('/proc/self/fd', String(descriptor), path.basename(socketPath)),
    close: () => {
      closeSync(descriptor);
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
