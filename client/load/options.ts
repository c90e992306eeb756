/** The command line of chat-load. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { hostDefault, messageBytesMax, portDefault } from '../../shared/protocol/limits';
import type { TlsOptions } from '../start-socket';
import { tlsFlagOptions, tlsOptionsOf, type TlsFlags } from '../tls-flags';
import { workloads } from './load-plan';
import type { StopCondition, Workload } from './load-plan';

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined for plain text. */
  readonly tls: TlsOptions | undefined;
  readonly connections: number;
  readonly inFlight: number;
  readonly stop: StopCondition;
  readonly messageBytes: number;
  readonly workload: Workload;
  readonly ratePerSecond: number;
  readonly generatorThreads: number;
  readonly usersFile: string | undefined;
  readonly tokensFile: string | undefined;
  readonly warmupMs: number;
  readonly json: boolean;
  readonly reportFile: string | undefined;
}

const targetDefault = `${hostDefault}:${portDefault}`;

const helpAfter = `
Workloads:
  chat   15 sends, then 1 inbox, over and over (the default)
  send   sends only: nobody reads, so inboxes fill up and INBOX_FULL comes
  login  auth only: what the server's password hashing can do
  churn  connect, one ping, disconnect, over and over

Closed loop (no --rate): a connection sends its next request when a reply
came. This is the most that the server can do.
Open loop (--rate N): requests go out by the clock, whatever the server does,
and latency counts from the time a request was meant for: a stall is charged
to every request that had to wait.

Accounts: the three that a fresh server on loopback has (messi, henderson,
lineker), or those of --users. Each logs in once; all connections share the
tokens. Passwords are never taken from the command line.

Ctrl-C ends early and still prints the summary.

Exit codes:
  0  fine
  1  failure: no connection, a login refused; or, after the summary: error
     replies, lost connections, requests left without an answer
  2  bad usage, or a file that cannot be used

Examples:
  chat-load 127.0.0.1:8889
  chat-load 127.0.0.1:8889 --connections 500 --in-flight 16 --report load.html
  chat-load 127.0.0.1:8889 --rate 2000 --duration 60
  chat-load chat.example.org:8889 --users accounts.jsonl --json > result.json
  chat-load 127.0.0.1:8889 --workload login --connections 8
  chat-load --tls chat.example.org:8889 --workload churn`;

/** @throws CommanderError for bad usage, with its message written to standard error, and for --help and --version. */
export function parseOptions(argv: readonly string[], version: string): LoadOptions {
  const program = new Command('chat-load')
    .description('Puts load on a chat server and measures how many requests it answers, and how fast.')
    .version(version)
    .addArgument(
      new Argument('[host:port]', 'the server')
        .argParser(address)
        .default(address(targetDefault), targetDefault),
    )
    .addOption(numberOption('--connections <n>', 'connections kept open', 1, 60_000, true).default(50))
    .addOption(numberOption('--in-flight <n>', 'unanswered requests a connection', 1, 4_096, true).default(1))
    .addOption(numberOption('--duration <seconds>', 'how long to measure', 0.1, 86_400).default(10))
    .addOption(
      numberOption('--requests <n>', 'end after so many requests, without warm-up', 1, 1e12, true).conflicts([
        'duration',
        'warmup',
      ]),
    )
    .addOption(
      numberOption('--message-bytes <n>', 'length of each message', 1, messageBytesMax, true).default(32),
    )
    .addOption(new Option('--workload <name>', 'what to ask for').choices(workloads).default('chat'))
    .addOption(numberOption('--rate <n>', 'open loop: requests a second over all connections', 0.01, 1e7))
    .addOption(numberOption('--generator-threads <n>', 'threads that make the load', 1, 64, true).default(1))
    .option('--users <file>', 'accounts, one JSON object a line: {"username", "password", "name"}')
    .addOption(
      new Option('--tokens <file>', 'sessions that exist, one a line: {"username", "token"}').conflicts(
        'users',
      ),
    )
    .addOption(numberOption('--warmup <seconds>', 'load before the measurement starts', 0, 3_600).default(1))
    .option('--json', 'print the result as JSON on standard output')
    .addOption(
      new Option('--report <file.html>', 'write a page with charts that needs nothing else').argParser(
        writableFile,
      ),
    )
    .addHelpText('after', helpAfter)
    .showHelpAfterError('(chat-load --help tells more)')
    .exitOverride();
  for (const option of tlsFlagOptions()) program.addOption(option);
  return fromCommander(program.parse(argv));
}

function fromCommander(program: Command): LoadOptions {
  const given = program.opts<
    TlsFlags & {
      connections: number;
      inFlight: number;
      duration: number;
      requests?: number;
      messageBytes: number;
      workload: Workload;
      rate?: number;
      generatorThreads: number;
      users?: string;
      tokens?: string;
      warmup: number;
      json?: boolean;
      report?: string;
    }
  >();
  if (given.workload === 'login' && given.tokens !== undefined) {
    program.error('error: --workload login needs passwords: give --users, not --tokens');
  }
  if (given.workload === 'churn' && given.inFlight !== 1) {
    program.error('error: --workload churn has one request a connection: --in-flight has to be 1');
  }
  const [target] = program.processedArgs as [{ host: string; port: number }];
  const tls = tlsOptionsOf(given);
  return {
    ...target,
    // Connections go to the address, which is looked up once; the certificate is for the name.
    tls: tls === undefined ? undefined : { serverName: target.host, ...tls },
    connections: given.connections,
    inFlight: given.inFlight,
    stop:
      given.requests === undefined ? { durationMs: given.duration * 1_000 } : { requests: given.requests },
    messageBytes: given.messageBytes,
    workload: given.workload,
    ratePerSecond: given.rate ?? 0,
    generatorThreads: given.generatorThreads,
    usersFile: given.users,
    tokensFile: given.tokens,
    warmupMs: given.requests === undefined ? given.warmup * 1_000 : 0,
    json: given.json ?? false,
    reportFile: given.report,
  };
}

function numberOption(flags: string, description: string, min: number, max: number, isWhole = false): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max) || (isWhole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`Wanted a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}.`);
    }
    return value;
  });
}

/** Told before the run, not after it. */
function writableFile(file: string): string {
  try {
    accessSync(existsSync(file) ? file : path.dirname(file), constants.W_OK);
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be written: ${(error as Error).message}.`);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new InvalidArgumentError('It is a folder.');
  return file;
}

/** `host:port`, `[v6]:port`, or a host alone. */
export function address(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? portDefault);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('Wanted host:port, like 127.0.0.1:8889 or [::1]:8889.');
  }
  return { host, port };
}
