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
  const accounts = chooseAccounts(options);
  const server = new ChatServer(options, log, fail);
  stopOnSignals(server, log);
  process.on('SIGHUP', () => {
    reload(readAll, server, log);
  });
  const port = await server.start(accounts, progressReporter(accounts.length));
  printStart(options, server, port, accounts === demoAccounts);
}

function printStart(
  options: ServerOptions,
  server: ChatServer,
  port: number,
  hasDemoAccounts: boolean,
): void {
  const address = formatAddress(options.host, port);
  const lines = [
    `Benang chat-server ${version}`,
    `Listening on   ${address}`,
    'TLS            off',
    `Threads        ${options.threads}`,
    'Data           in memory only (--ephemeral): messages, sessions and accounts end with this process',
    `Accounts       ${server.userCount}`,
    ...(hasDemoAccounts
      ? [
          `Demo accounts  ${demoAccounts.map(({ username }) => username).join(', ')}; password of each: ${demoAccounts[0]!.password}`,
        ]
      : []),
    `Connect with   chat-client connect ${formatAddress(reachableHost(options.host), port)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Where a client finds a server that listens on every address: at the first that is not this machine's own loopback. */
function reachableHost(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const outside = addresses.find(({ internal, family }) => !internal && family === 'IPv4');
  return outside?.address ?? '127.0.0.1';
}

function stopOnSignals(server: ChatServer, log: Logger): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(exitCode.unexpected);
      isStopping = true;
      log.info({ signal, connections: server.connectionCount }, 'stopping; once more to exit at once');
      server.stop().then(() => {
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

function progressReporter(total: number): (done: number) => void {
  const startMs = Date.now();
  let reportedMs = startMs;
  return (done) => {
    const nowMs = Date.now();
    if (nowMs - reportedMs < progressAfterMs && !(done === total && reportedMs > startMs)) return;
    reportedMs = nowMs;
    process.stdout.write(`Accounts       ${done} of ${total} checked\n`);
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
