/**
 * A data directory and its one owner: the process that listens on the directory's control socket. The kernel closes a
 * socket with its process, so a crash leaves nothing that has to be cleaned up by hand.
 */
import { chmodSync, closeSync, constants, existsSync, openSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { dataFolders } from '../shared/journal/data-folders';
import { makeDataFolder, refusedBy } from './data-folder';
import { claimEndingBytes, withClaim } from './directory-claim';
import { closeServer, codeOf, connectLocal, listenLocal } from './local-socket';
import { exitCode, messageOf, StartError } from './start-error';

/** Operators are few: whoever opens more connections than this is not one. */
const controlConnectionsMax = 64;
/** A socket's path is at most this long (`sun_path` in unix(7), less one for the end). */
const socketPathBytesMax = 107;

/** How often to look whether the directory is where it was. */
const lookIntervalMs = 1_000;

export class DataDirectory {
  private watching: NodeJS.Timeout | undefined;

  private constructor(
    readonly folder: string,
    private readonly socket: SocketPath,
    private readonly socketIdentity: string | undefined,
    private readonly server: net.Server,
    private readonly connections: ReadonlySet<net.Socket>,
  ) {}

  /**
   * Makes the directory where it is missing, for its owner alone, and takes it. `onConnection` serves the control
   * socket. Throws a `StartError` when another server has it, or it cannot be used.
   */
  static async own(folder: string, onConnection: (socket: net.Socket) => void): Promise<DataDirectory> {
    makeDataFolder(folder);
    const socket = openForSocket(folder);
    const connections = new Set<net.Socket>();
    const server = net.createServer((connection) => {
      connections.add(connection);
      connection.once('close', () => connections.delete(connection));
      // A caller may go at any time; whoever serves it sees the connection end.
      connection.on('error', () => undefined);
      onConnection(connection);
    });
    server.maxConnections = controlConnectionsMax;
    try {
      await take(server, socket.path, folder);
      chmodSync(socket.path, 0o600);
      return new DataDirectory(folder, socket, identityOf(socket.path), server, connections);
    } catch (error) {
      socket.close();
      throw refusedBy(folder, error);
    }
  }

  /**
   * Calls back, once, when the directory is found to be no longer where it was: moved away, removed, or without the socket
   * that keeps others from it. What is written from then on no start may find.
   */
  watch(onLost: (error: StartError) => void): void {
    this.watching = setInterval(() => {
      if (this.isThere()) return;
      clearInterval(this.watching);
      onLost(lost(this.folder));
    }, lookIntervalMs).unref();
  }

  /** Lets another have it; cuts the connections to the control socket. */
  async release(): Promise<void> {
    clearInterval(this.watching);
    // Closing the server removes whatever has its socket's name by now, which may be another server's.
    const closed = this.isThere() ? closeServer(this.server) : this.server.unref();
    for (const connection of this.connections) connection.destroy();
    await closed;
    this.socket.close();
  }

  private isThere(): boolean {
    const { folder, socketIdentity } = this;
    try {
      return (
        socketIdentity !== undefined &&
        identityOf(dataFolders(path.resolve(folder)).socket) === socketIdentity
      );
    } catch {
      // It cannot be looked at now, which proves nothing.
      return true;
    }
  }
}

/** Whether a server owns the directory now; the connection to it when one does. */
export async function connectToOwner(folder: string): Promise<net.Socket | undefined> {
  if (!existsSync(folder)) return undefined;
  let socket: SocketPath;
  try {
    socket = openSocketPath(folder);
  } catch {
    // Whoever takes the directory next hears what is wrong with it.
    return undefined;
  }
  try {
    return await connect(socket.path, nobodyToAskCodes);
  } finally {
    socket.close();
  }
}

/** What stays the same of a file, wherever it is moved to; undefined when there is none. */
function identityOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}

function lost(folder: string): StartError {
  return new StartError(
    `the data directory ${folder} was moved away or removed while the server had it, or its control.sock was. ` +
      'All that was acknowledged is in the files that were there: put them back, or start the server where they are now.',
    exitCode.dataUnavailable,
  );
}

/** Another process has the directory, or is taking it. */
export class DirectoryInUse extends StartError {
  constructor(folder: string) {
    super(
      `${folder} is in use by another chat-server. Stop that one, or choose another directory with --data.`,
      exitCode.dataUnavailable,
    );
  }
}

/**
 * Listens on the socket, and takes away a dead owner's. One process at a time: another could listen between the moments
 * when this one finds nobody there and when it takes the socket away.
 */
async function take(server: net.Server, socketPath: string, folder: string): Promise<void> {
  const isTaken = await withClaim(socketPath, async () => {
    if (await listen(server, socketPath)) return true;
    const owner = await connect(socketPath, nobodyCodes);
    if (owner !== undefined) {
      owner.destroy();
      return false;
    }
    rmSync(socketPath, { force: true });
    return listen(server, socketPath);
  });
  if (isTaken !== true) throw new DirectoryInUse(folder);
}

/** False when there is such a socket already. */
async function listen(server: net.Server, socketPath: string): Promise<boolean> {
  try {
    await listenLocal(server, socketPath);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return false;
    throw error;
  }
}

/** What the system says when nobody listens. */
const nobodyCodes: readonly unknown[] = ['ENOENT', 'ECONNREFUSED'];
/** …or nobody that this user may ask. */
const nobodyToAskCodes: readonly unknown[] = [...nobodyCodes, 'ENOTDIR', 'EACCES'];

/**
 * A connection to the owner, or undefined when there is none. Any other trouble is an error: the socket must not be
 * taken from an owner that is only busy, or another user's.
 */
async function connect(socketPath: string, noneCodes: readonly unknown[]): Promise<net.Socket | undefined> {
  try {
    return await connectLocal(socketPath);
  } catch (error) {
    if (noneCodes.includes(codeOf(error))) return undefined;
    throw new StartError(`cannot reach ${socketPath}: ${messageOf(error)}`, exitCode.dataUnavailable);
  }
}

interface SocketPath {
  readonly path: string;
  close(): void;
}

/** The control socket's path; by way of the open directory when that, or a claim's, is too long for a socket. */
function openSocketPath(folder: string): SocketPath {
  const socketPath = dataFolders(path.resolve(folder)).socket;
  if (Buffer.byteLength(socketPath) + claimEndingBytes <= socketPathBytesMax)
    return { path: socketPath, close: () => undefined };
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: path.join('/proc/self/fd', String(descriptor), path.basename(socketPath)),
    close: () => {
      closeSync(descriptor);
    },
  };
}

function openForSocket(folder: string): SocketPath {
  try {
    return openSocketPath(folder);
  } catch (error) {
    throw refusedBy(folder, error);
  }
}
