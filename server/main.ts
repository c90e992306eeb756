#!/usr/bin/env node
/**
 * `chat-server`: reads the options, starts the server, prints what a person needs to know, and stops it on a signal.
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { CommanderError } from 'commander';
import { chooseAccounts, demoAccounts } from './accounts';
import { ChatServer } from './chat-server';
import { formatAddress } from './listener';
import { DataDirectory } from './data-directory';
import { createLogger, type Logger } from './logger';
import { createProgram, readOptions, type ServerOptions } from './options';
import { exitCode, type ExitCode, isStartError } from './start-error';

/** A start that takes longer than this shows how far it is. */
const progressAfterMs = 1_000;

const version = readVersion();

main().catch((error: unknown) => {
  fail(error);
});

async function main(): Promise<void> {
  const program = createProgram(version).exitOverride();
  const readAll = (): ServerOptions => readOptions(program.parse());
  const options = readAll();
  const log = createLogger(options.logLevel, options.logFormat);
  // What is wrong with the options is said before anything is touched.
  chooseAccounts(options, options.ephemeral ? 0 : 1);
  const directory = options.ephemeral ? undefined : await DataDirectory.own(options.data, () => undefined);
  const server = new ChatServer(options, log, fail);
  stopOnSignals(server, directory, log);
  process.on('SIGHUP', () => {
    reload(readAll, server, log);
  });
  await server.load(progressReporter('Loading', 'rows'));
  const accounts = chooseAccounts(options, server.userCount);
  const port = await server.start(accounts, progressReporter('Accounts', `of ${accounts.length} checked`));
  printStart(options, server, port, accounts === demoAccounts);
}

function printStart(
  options: ServerOptions,
  server: ChatServer,
  port: number,
  hasDemoAccounts: boolean,
): void {
  const demoNames = demoAccounts.map(({ username }) => username).join(', ');
  const lines = [
    `Benang chat-server ${version}`,
    `Listening on   ${formatAddress(options.host, port)}`,
    'TLS            off',
    `Threads        ${options.threads}`,
    `Data           ${describeData(options)}`,
    `Accounts       ${server.userCount}`,
    ...(hasDemoAccounts
      ? [`Demo accounts  ${demoNames}; password of each: ${demoAccounts[0]!.password}`]
      : []),
    `Connect with   chat-client connect ${formatAddress(reachableHost(options.host), port)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function describeData({ ephemeral, data, durability }: ServerOptions): string {
  if (ephemeral) return 'in memory only (--ephemeral): messages, sessions and accounts end with this process';
  const promise = durability === 'sync' ? 'on disk' : 'soon on disk';
  return `${path.resolve(data)}, durability ${durability}: an OK means ${promise}`;
}

/** Where a client finds a server that listens on every address: at the first that is not this machine's own loopback. */
function reachableHost(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const outside = addresses.find(({ internal, family }) => !internal && family === 'IPv4');
  return outside?.address ?? '127.0.0.1';
}

function stopOnSignals(server: ChatServer, directory: DataDirectory | undefined, log: Logger): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(exitCode.unexpected);
      isStopping = true;
      log.info({ signal, connections: server.connectionCount }, 'stopping; once more to exit at once');
      const stopped = server.stop().then(() => directory?.release());
      stopped.then(() => {
        log.info('stopped');
        process.exit(exitCode.fine);
      }, fail);
    });
  }
}

/** Applies what may change while the server runs. */
function reload(readAll: () => ServerOptions, server: ChatServer, log: Logger): void {
  try {
    const options = readAll();
    log.level = options.logLevel;
    server.connectionsMax = options.maxConnections;
    log.info(
      { logLevel: options.logLevel, maxConnections: options.maxConnections },
      'configuration read again',
    );
  } catch (error) {
    log.error({ err: error }, 'the configuration is as it was: it cannot be read');
  }
}

/** Shows how far something is that takes more than a second. */
function progressReporter(label: string, unit: string): (done: number) => void {
  let reportedMs = Date.now();
  return (done) => {
    if (Date.now() - reportedMs < progressAfterMs) return;
    reportedMs = Date.now();
    process.stdout.write(`${label.padEnd(14)} ${done} ${unit}\n`);
  };
}

/** Says why and ends the process. */
function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? exitCode.fine : exitCode.badUsage);
  let code: ExitCode = exitCode.unexpected;
  if (isStartError(error)) {
    code = error.exitCode;
    process.stderr.write(`chat-server: ${error.message}\n`);
  } else {
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`chat-server: unexpected failure: ${trace}\n`);
  }
  process.exit(code);
}

function readVersion(): string {
  const file = path.join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
