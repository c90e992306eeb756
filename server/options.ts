/**
 * The server's options. Each can be given as a flag, as `CHAT_…` in the environment, or in the configuration file
 * (JSON, keys named like the flags); precedence: flag, environment, file, default.
 */
import os from 'node:os';
import { Command, Option } from 'commander';
import type { Durability } from '../shared/journal/journal-messages';
import { hostDefault, lineBytesMaxDefault, lineBytesMaxRange, portDefault } from '../shared/protocol/limits';
import { applyConfigFile } from './config-file';
import { limitOptions } from './limits/limit-options';
import type { LimitSettings } from './limits/limits';
import { type LogFormat, type LogLevel, logLevels } from './logger';
import { integer, nonEmpty } from './option-values';
import { exitCode, StartError } from './start-error';

export interface ServerOptions extends LimitSettings {
  readonly threads: number;
  readonly host: string;
  readonly port: number;
  /** The data directory. */
  readonly data: string;
  /** How long a session lives, and how long without being used. */
  readonly sessionHours: number;
  readonly sessionIdleHours: number;
  readonly ephemeral: boolean;
  readonly durability: Durability;
  /** Days that read messages are kept; 0 for no history. */
  readonly historyDays: number;
  /** Size of the store. */
  readonly memory: number;
  /** Unread messages that one inbox holds. */
  readonly maxInbox: number;
  readonly users?: string;
  readonly openRegistration: boolean;
  readonly maxConnections: number;
  /** Bytes. */
  readonly maxLine: number;
  /** Seconds that a connection may be silent before it has used a session. */
  readonly loginTimeout: number;
  /** Seconds that a client may leave its replies unread. */
  readonly sendTimeout: number;
  /** Seconds that a request may take from its first byte to its last. */
  readonly lineTimeout: number;
  /** Certificate and key for TLS, in PEM; both or neither. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** TLS with a certificate that the server makes. */
  readonly tlsSelfSigned: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly config?: string;
}

/** What the names of options begin with in the environment. */
export const variablePrefix = 'CHAT_';

/** MiB, with a journal, whose ring takes 16 of them. */
const durableMemoryMin = 32;

const examples = `
Examples:
  $ chat-server --threads 8                        listen on ${hostDefault}:${portDefault} with 8 worker threads
  $ chat-server --port 0 --ephemeral               any free port, nothing is kept
  $ chat-server --data /var/lib/benang             keep everything there
  $ chat-server --host 0.0.0.0 --users users.jsonl accounts from a file, open to the network
  $ chat-server --tls-self-signed                  encrypted; the start prints what clients have to type
  $ CHAT_PORT=9000 chat-server                     every option is also an environment variable
  $ chat-server --config chat.json                 a file: {"threads": 8, "open-registration": true}

Exit codes: 0 fine, 1 unexpected failure, 2 bad usage or configuration, 3 address in use or not allowed,
4 data directory damaged or in use.`;

/** All options but `--config`, in the order of `--help`. */
function createOptions(): Option[] {
  return [
    new Option('--threads <n>', 'worker threads that run commands')
      .default(os.availableParallelism())
      .argParser(integer(1, 128)),
    new Option('--host <address>', 'address to listen on').default(hostDefault).argParser(nonEmpty),
    new Option('--port <n>', 'port to listen on; 0 for any free one')
      .default(portDefault)
      .argParser(integer(0, 65_535)),
    new Option('--data <dir>', 'data directory, made where it is missing')
      .default('./chat-data')
      .argParser(nonEmpty),
    new Option('--durability <level>', 'what an OK means: sync, on disk; relaxed, soon on disk')
      .choices(['sync', 'relaxed'])
      .default('sync'),
    new Option('--history-days <n>', 'how long read messages are kept; 0 for not at all')
      .default(30)
      .argParser(integer(0, 36_500)),
    new Option('--session-hours <n>', 'how long a login lasts').default(720).argParser(integer(1, 87_600)),
    new Option('--session-idle-hours <n>', 'how long a login lasts without being used')
      .default(168)
      .argParser(integer(1, 87_600)),
    new Option('--ephemeral', 'keep everything in memory only: nothing outlives the process').default(false),
    new Option('--memory <MiB>', 'size of the store').default(512).argParser(integer(16, 4_095)),
    new Option('--max-inbox <n>', 'unread messages that one inbox holds')
      .default(10_000)
      .argParser(integer(1, 1_000_000)),
    new Option(
      '--users <file>',
      'accounts to create at start where missing: {"username", "password", "name"} a line',
    ).argParser(nonEmpty),
    new Option('--open-registration', 'let anybody create an account with `register`').default(false),
    new Option('--max-connections <n>', 'connections at once')
      .default(16_384)
      .argParser(integer(1, 1_000_000)),
    new Option('--max-line <bytes>', 'longest request line')
      .default(lineBytesMaxDefault)
      .argParser(integer(lineBytesMaxRange.min, lineBytesMaxRange.max)),
    new Option('--login-timeout <seconds>', 'silence allowed before the first request with a session')
      .default(60)
      .argParser(integer(1, 86_400)),
    new Option('--send-timeout <seconds>', 'how long a client may take nothing of its replies')
      .default(30)
      .argParser(integer(1, 86_400)),
    new Option('--line-timeout <seconds>', 'how long a request may take from its first byte to its last')
      .default(30)
      .argParser(integer(1, 86_400)),
    ...limitOptions(),
    new Option('--tls-cert <file>', 'speak TLS, with this certificate: PEM, its issuers after it').argParser(
      nonEmpty,
    ),
    new Option('--tls-key <file>', 'the private key of --tls-cert: PEM, not encrypted').argParser(nonEmpty),
    new Option(
      '--tls-self-signed',
      'speak TLS, with a certificate that is made once and kept in the data directory',
    ).default(false),
    new Option('--log-level <level>', 'least severe level that is logged').choices(logLevels).default('info'),
    new Option('--log-format <format>', 'pretty on a terminal, json otherwise')
      .choices(['pretty', 'json'])
      .default(process.stderr.isTTY ? 'pretty' : 'json', 'pretty on a terminal, else json'),
  ];
}

function configOption(): Option {
  return new Option('--config <file>', 'read options from a JSON file').argParser(nonEmpty);
}

/** The command with its options; the caller adds what is to be done. */
export function createProgram(version: string): Command {
  const program = new Command('chat-server')
    .description(
      'A self-hosted text-chat server: lines over TCP or TLS, a pool of worker threads, shared memory.',
    )
    .version(version)
    .addHelpText('after', examples)
    .helpCommand('help [command]', 'display help for command')
    .showHelpAfterError('(chat-server --help lists the options)')
    .allowExcessArguments(false);
  for (const option of [...createOptions(), configOption()])
    program.addOption(option.env(environmentName(option)));
  return program;
}

/** The options of a program whose arguments have been parsed, with those of its configuration file. */
export function readOptions(program: Command): ServerOptions {
  correctBooleans(program);
  const { config } = program.opts<ServerOptions>();
  if (config !== undefined) applyConfigFile(program, config);
  const options = program.opts<ServerOptions>();
  requireRoomForJournal(options);
  return options;
}

/** Half of the smallest store is the journal's ring. */
function requireRoomForJournal({ ephemeral, memory }: ServerOptions): void {
  if (ephemeral || memory >= durableMemoryMin) return;
  throw new StartError(
    `--memory ${memory} is too little for a server that keeps its data: it takes at least ${durableMemoryMin}. ` +
      'Raise it, or keep nothing with --ephemeral.',
    exitCode.badUsage,
  );
}

/** Commander takes any text in the environment for true. */
function correctBooleans(program: Command): void {
  for (const option of program.options) {
    const name = option.attributeName();
    if (!option.isBoolean() || program.getOptionValueSource(name) !== 'env' || option.envVar === undefined)
      continue;
    const text = process.env[option.envVar] ?? '';
    const value = booleanTexts[text.toLowerCase()];
    if (value === undefined)
      throw new StartError(
        `${option.envVar} is true or false, not ${JSON.stringify(text)}`,
        exitCode.badUsage,
      );
    program.setOptionValueWithSource(name, value, 'env');
  }
}

const booleanTexts: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  yes: true,
  on: true,
  false: false,
  0: false,
  no: false,
  off: false,
  '': false,
};

/** The variables of the environment that options are read from. */
export function variableNames(): readonly string[] {
  return [...createOptions(), configOption()].map(environmentName);
}

function environmentName(option: Option): string {
  return `${variablePrefix}${option.name().replaceAll('-', '_').toUpperCase()}`;
}
