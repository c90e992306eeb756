/**
 * Finds who has a data directory and works with it: the running server, by its control socket, or, when none runs,
 * this process, which takes the directory and opens the data as a server without a listener.
 */
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { dataFolders } from '../../shared/journal/data-folders';
import { connectToOwner, DataDirectory, DirectoryInUse } from '../data-directory';
import { requireOwnFiles, requireUsableFolder } from '../data-folder';
import { createLogger, type Logger } from '../logger';
import type { ServerOptions } from '../options';
import { exitCode, StartError } from '../start-error';
import type { AdminService } from './admin-service';
import { Administrator } from './administrator';
import { ControlClient } from './control-client';
import { ControlServer } from './control-server';

/** Owners may follow one another: other commands of the operator, a server that restarts. */
const ownersMax = 100;
/** How long to leave alone a directory that another is taking. */
const retryMs = 20;
/** A wait that is longer than this is explained. */
const explainAfterMs = 1_000;

export interface Administration {
  readonly service: AdminService;
  /** Whether a running server has the data, and goes on working with it. */
  readonly isRunning: boolean;
}

export interface AdministrationOptions {
  readonly server: ServerOptions;
  /** Whether a directory that is missing is made, as a start would. */
  readonly mayCreate: boolean;
  /** How many passwords there are to hash at once, where there are many: one thread does for all else. */
  readonly passwordCount?: number;
  readonly onFatal: (error: Error) => void;
}

/** Works with the data of a directory, whether a server runs on it or not. */
export function withAdministration<Result>(
  options: AdministrationOptions,
  use: (administration: Administration) => Promise<Result>,
): Promise<Result> {
  const folder = options.server.data;
  return withOwner(
    folder,
    (client) => use({ service: client, isRunning: true }),
    (log) => {
      return useStopped(options, log, use);
    },
    options.mayCreate ? undefined : requireData,
  );
}

/**
 * Does one or the other: `useServer` with the server that runs on a directory, or, when none does, `useOwn` with the
 * directory taken. Others who come meanwhile wait until it is free again.
 * @param beforeTaking may refuse the directory.
 */
export async function withOwner<Result>(
  folder: string,
  useServer: (client: ControlClient) => Promise<Result>,
  useOwn: (log: Logger) => Promise<Result>,
  beforeTaking: (folder: string) => void = () => undefined,
): Promise<Result> {
  for (let owners = 0; owners < ownersMax; owners += 1) {
    const client = await findServer(folder);
    if (client !== undefined) {
      try {
        return await useServer(client);
      } finally {
        client.close();
      }
    }
    beforeTaking(folder);
    const log = await createLogger('warn', process.stderr.isTTY ? 'pretty' : 'json');
    const directory = await takeDirectory(folder, log);
    if (directory !== undefined) {
      try {
        return await useOwn(log);
      } finally {
        await directory.release();
      }
    }
    await delay(retryMs);
  }
  throw new StartError(
    `${folder} changes its owner all the time. Try again later.`,
    exitCode.dataUnavailable,
  );
}

/** The server that runs on a directory; undefined when none does, or another command had it. */
async function findServer(folder: string): Promise<ControlClient | undefined> {
  const socket = await connectToOwner(folder);
  if (socket === undefined) return undefined;
  const timer = setTimeout(() => {
    process.stderr.write(`Waiting until the server that has ${folder} is ready…\n`);
  }, explainAfterMs);
  try {
    return await ControlClient.greet(socket);
  } finally {
    clearTimeout(timer);
  }
}

/** Undefined when another was quicker. */
async function takeDirectory(folder: string, log: Logger): Promise<DataDirectory | undefined> {
  requireOwnFiles(folder);
  // Never started: nobody is greeted, and whoever waits looks for the owner again when this one has gone.
  const control = new ControlServer(log);
  try {
    return await DataDirectory.own(folder, (socket) => {
      control.accept(socket);
    });
  } catch (error) {
    if (error instanceof DirectoryInUse) return undefined;
    throw error;
  }
}

export function hasData(folder: string): boolean {
  const { tables, journal } = dataFolders(folder);
  return existsSync(tables) || existsSync(journal);
}

function requireData(folder: string): void {
  if (hasData(folder)) return;
  // In another user's directory the data may be there, and only hidden from this one.
  requireOwnFiles(folder);
  requireUsableFolder(folder);
  throw new StartError(
    `there is no data in ${path.resolve(folder)}. Name the server's data directory with --data DIR.`,
    exitCode.badUsage,
  );
}

async function useStopped<Result>(
  { server: options, passwordCount = 1, onFatal }: AdministrationOptions,
  log: Logger,
  use: (administration: Administration) => Promise<Result>,
): Promise<Result> {
  const { ChatServer } = await import('../chat-server.js');
  const threads = Math.min(options.threads, os.availableParallelism(), Math.max(1, passwordCount));
  const server = new ChatServer(
    { ...options, threads, ephemeral: false, durability: 'sync', keepsHouse: false },
    log,
    onFatal,
  );
  await server.load(() => undefined);
  try {
    return await use({ service: new Administrator(server), isRunning: false });
  } finally {
    await server.stop();
  }
}
