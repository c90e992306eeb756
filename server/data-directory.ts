/**
 * A data directory and its one owner. Who listens on the directory's control socket owns it; the kernel lets go of a
 * socket with its process, so a crash leaves nothing that has to be cleaned up by hand.
 */
import { chmodSync, closeSync, constants, existsSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { dataFolders } from '../shared/journal/data-folders';
import { claimEndingBytes, withClaim } from './directory-claim';
import { closeServer, codeOf, connectLocal, listenLocal } from './local-socket';
import { exitCode, isStartError, StartError } from './start-error';

/** Operators are few: who opens more connections than this is not one. */
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
    makePrivate(folder);
    const socket = openForSocket(folder);
    const connections = new Set<net.Socket>();
    const server = net.createServer((connection) => {
      connections.add(connection);
      connection.once('close', () => connections.delete(connection));
      // A caller may go at any time; who serves it sees the end of it.
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
    // To close the server removes what has its socket's name by now: that may be another server's.
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
      // It cannot be seen now: that says nothing.
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

/**
 * Throws a `StartError` when a directory is another user's: what an operator's command would create in it, its server
 * could not open.
 */
export function requireOwnFiles(folder: string): void {
  const user = process.geteuid?.();
  const owner = ownerOf(folder);
  if (user === undefined || owner === undefined || owner === user) return;
  throw new StartError(
    `the data directory ${folder} belongs to user ${owner}, and this is user ${user}. ` +
      `Run the command as its owner: sudo -u '#${owner}' chat-server …`,
    exitCode.dataUnavailable,
  );
}

/**
 * Throws a `StartError` when there is something else than a folder in the place of a directory, which may be missing, or a
 * backup that was cut short: a start would begin anew in it, and nobody would see that all accounts are gone.
 */
export function requireFolder(folder: string): void {
  if (!(statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? true))
    throw unusable(folder, new Error('it is not a directory'));
  const { incomplete, tables } = dataFolders(folder);
  if (existsSync(incomplete) && !existsSync(tables))
    throw unusable(
      folder,
      new Error('it is a backup that is not complete. Use another one, or make it again in another folder'),
    );
}

function ownerOf(folder: string): number | undefined {
  try {
    return statSync(folder, { throwIfNoEntry: false })?.uid;
  } catch (error) {
    throw unusable(folder, error);
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

function makePrivate(folder: string): void {
  try {
    requireFolder(folder);
    if (!isFolder(folder)) makeFolders(path.resolve(folder));
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  } catch (error) {
    throw refusedBy(folder, error);
  }
}

/** What the system says, or why it does: the directory is another user's, or lies where nothing can be written. */
function refusedBy(folder: string, error: unknown): StartError {
  if (isStartError(error)) return error;
  if (codeOf(error) === 'EROFS') return readOnly(folder);
  try {
    if (deniedCodes.includes(codeOf(error))) requireOwnFiles(folder);
  } catch (reason) {
    if (isStartError(reason)) return reason;
  }
  return unusable(folder, error);
}

/** Whoever owns a directory listens on a socket in it, if only to read what else there is. */
function readOnly(folder: string): StartError {
  return new StartError(
    `the data directory ${folder} is on a file system that can only be read. Copy it to one that can be written, or ` +
      'mount that one so, and try again.',
    exitCode.dataUnavailable,
  );
}

const deniedCodes: readonly unknown[] = ['EACCES', 'EPERM'];

function unusable(folder: string, error: unknown): StartError {
  return new StartError(
    `cannot use the data directory ${folder}: ${messageOf(error)}`,
    exitCode.dataUnavailable,
  );
}

/** Not `recursive` of Node: of a folder that cannot be made, like one in /proc, it would try for ever. */
function makeFolders(folder: string): void {
  const parent = path.dirname(folder);
  if (!isFolder(parent)) makeFolders(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process, which starts at the same time, has made it first: whose it is, the socket in it says.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
