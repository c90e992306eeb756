/**
 * `chat-server` without a command: starts the server, prints what a person needs to know, and stops it on a signal.
 */
import path from 'node:path';
import type { Account } from './account-rules';
import { chooseAccounts, demoAccounts } from './accounts';
import { Administrator } from './admin/administrator';
import { ControlServer } from './admin/control-server';
import { ChatServer } from './chat-server';
import { DataDirectory } from './data-directory';
import { inlineWholeCommands } from './engine';
import { formatAddress } from './listener';
import { createLogger, type Logger } from './logger';
import type { ServerOptions } from './options';
import { notifyService } from './service-notice';
import { type ExitCode, exitCode, StartError } from './start-error';
import { chooseCertificate, loadIdentity } from './tls/certificate-source';
import { fingerprintOf, type TlsIdentity } from './tls/tls-identity';
import { connectArguments, describeEncryption, warnAboutEncryption } from './tls/tls-lines';
import { warnAboutVariables } from './unknown-variables';

const demoNames = demoAccounts.map(({ username }) => username).join(', ');
const demoLine = `Demo accounts  ${demoNames}; password of each: ${demoAccounts[0]!.password}`;

/** A start that takes longer than this shows how far it is. */
const progressAfterMs = 1_000;

export interface ServerRun {
  readonly version: string;
  /** Reads the options again each time: the configuration file may have changed. */
  readonly readOptions: () => ServerOptions;
  /** Says why and ends the process. */
  readonly onFatal: (error: unknown) => void;
}

/** Returns when the server listens, or is being stopped before it does. It goes on until a signal. */
export async function runServer({ version, readOptions, onFatal }: ServerRun): Promise<void> {
  const options = readOptions();
  const log = await createLogger(options.logLevel, options.logFormat);
  warnAboutVariables(process.env, log);
  // What is wrong with the options is said before anything is touched.
  chooseAccounts(options, options.ephemeral ? 0 : 1);
  const certificate = chooseCertificate(options);
  const ready = certificate?.kind === 'files' ? loadIdentity(certificate) : undefined;
  const control = new ControlServer(log);
  const directory = options.ephemeral
    ? undefined
    : await DataDirectory.own(options.data, (socket) => {
        control.accept(socket);
      });
  directory?.watch(onFatal);
  const identity = ready ?? (certificate && loadIdentity(certificate, log));
  const stopUnsound = (error: Error): void => {
    stops.stopFor(error);
  };
  const server = new ChatServer(options, log, onFatal, stopUnsound, identity);
  const stops = stopOnSignals(server, control, directory, log, onFatal);
  let current = options;
  process.on('SIGHUP', () => {
    current = reloadConfiguration(readOptions, server, log) ?? current;
    // A mistake in the configuration must not let the certificate expire.
    reloadCertificate(current, server, identity !== undefined, log);
  });
  let accounts: readonly Account[] = [];
  let port: number;
  try {
    await server.load(progressReporter('Loading', 'rows'));
    if (stops.haveBegun()) return;
    accounts = chooseAccounts(options, server.userCountEver);
    port = await server.start(accounts, progressReporter('Accounts', `of ${accounts.length} checked`));
  } catch (error) {
    // A stop ends what a start that is under way works with, and the process.
    if (stops.haveBegun()) return;
    // They are on disk before an address turns out to be in use, and no later start says so.
    if (directory !== undefined && accounts === demoAccounts && server.userCount > 0)
      process.stdout.write(`${demoLine}\n`);
    throw error;
  }
  if (stops.haveBegun()) return;
  control.start(new Administrator(server));
  warnAboutEncryption(options.host, identity, log);
  printStart(version, options, server, port, identity, accounts === demoAccounts);
  notifyService('READY=1', log);
  inlineWholeCommands();
}

function printStart(
  version: string,
  options: ServerOptions,
  server: ChatServer,
  port: number,
  identity: TlsIdentity | undefined,
  hasDemoAccounts: boolean,
): void {
  const lines = [
    `Benang chat-server ${version}`,
    `Listening on   ${formatAddress(options.host, port)}`,
    `TLS            ${describeEncryption(options.host, identity)}`,
    `Threads        ${options.threads}`,
    `Data           ${describeData(options)}`,
    `Accounts       ${server.userCount}`,
    ...(hasDemoAccounts ? [demoLine] : []),
    `Connect with   chat-client connect ${connectArguments(options.host, port, identity)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function describeData({ ephemeral, data, durability }: ServerOptions): string {
  if (ephemeral) return 'in memory only (--ephemeral): messages, sessions and accounts end with this process';
  const promise = durability === 'sync' ? 'on disk' : 'soon on disk';
  return `${path.resolve(data)}, durability ${durability}: an OK means ${promise}`;
}

interface Stops {
  /** Whether the server is being stopped, which ends the process. */
  readonly haveBegun: () => boolean;
  /** Stops the server because something is wrong: like a signal, but with exit code 1. */
  readonly stopFor: (error: Error) => void;
}

function stopOnSignals(
  server: ChatServer,
  control: ControlServer,
  directory: DataDirectory | undefined,
  log: Logger,
  onFatal: (error: unknown) => void,
): Stops {
  let isStopping = false;
  const stop = async (code: ExitCode): Promise<void> => {
    isStopping = true;
    notifyService('STOPPING=1', log);
    await control.stop();
    await server.stop();
    await directory?.release();
    log.info('stopped');
    process.exit(code);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(exitCode.unexpected);
      log.info({ signal, connections: server.connectionCount }, 'stopping; once more to exit at once');
      stop(exitCode.fine).catch(onFatal);
    });
  }
  return {
    haveBegun: () => isStopping,
    stopFor: ({ message }) => {
      if (isStopping) return;
      log.fatal({ reason: message }, 'stopping: the server cannot go on like this');
      stop(exitCode.unexpected).catch(onFatal);
    },
  };
}

/** Applies what may change while the server runs; undefined when the configuration cannot be read. */
function reloadConfiguration(
  readAll: () => ServerOptions,
  server: ChatServer,
  log: Logger,
): ServerOptions | undefined {
  try {
    const options = readAll();
    log.level = options.logLevel;
    server.connectionsMax = options.maxConnections;
    log.info(
      { logLevel: options.logLevel, maxConnections: options.maxConnections },
      'configuration read again',
    );
    return options;
  } catch (error) {
    log.error({ err: error }, 'the configuration is as it was: it cannot be read');
    return undefined;
  }
}

/** Connections that stand are not touched; with a certificate that cannot be used the old one stays. */
function reloadCertificate(
  options: ServerOptions,
  server: ChatServer,
  isEncrypted: boolean,
  log: Logger,
): void {
  try {
    const certificate = chooseCertificate(options);
    if ((certificate !== undefined) !== isEncrypted)
      throw new StartError('a restart switches TLS on or off, not HUP', exitCode.badUsage);
    // One that is nowhere kept cannot be read again, and another one would be refused by all who trust this one.
    if (certificate === undefined || certificate.kind === 'passing') return;
    const identity = loadIdentity(certificate, log);
    server.identity = identity;
    log.info({ fingerprint: fingerprintOf(identity) }, 'certificate read again');
    warnAboutEncryption(options.host, identity, log);
  } catch (error) {
    log.error({ err: error }, 'the certificate is as it was: the new one cannot be used');
  }
}

/** Shows how far something is that takes more than a second. */
function progressReporter(label: string, unit: string): (done: number) => void {
  let reportedMs = performance.now();
  return (done) => {
    if (performance.now() - reportedMs < progressAfterMs) return;
    reportedMs = performance.now();
    process.stdout.write(`${label.padEnd(14)} ${done} ${unit}\n`);
  };
}
