import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { addressDefault, formatAddress, parseAddress, type Address } from './address';
import { tlsFlagOptions, type TlsFlags } from './tls-flags';

export interface ClientOptions {
  readonly address: Address;
  readonly tls: TlsFlags;
  /** Whether to show what is sent and received as the original client does. */
  readonly verbose: boolean;
  /** Whether a terminal gets the original client, in which nothing appears by itself. */
  readonly classic: boolean;
  /** Whether replies and events are printed as JSON lines, for programs. */
  readonly json: boolean;
  readonly requestTimeoutMs: number;
}

export const exitCodes = { fine: 0, failure: 1, badUsage: 2 } as const;

const examples = `
Examples:
  $ chat-client connect 127.0.0.1:8889
  Command :auth messi surabaya
  username messi logged in, token a695cc5d-e883-4fe5-a239-e8175c4781b6
  Command messi:send henderson anjay gua ganteng
  message sent to henderson

  $ chat-client connect [::1]:8889
  $ chat-client connect --tls chat.example.org
  $ printf 'auth messi surabaya\\ninbox\\n' | chat-client connect chat.example.org
  $ some-program | chat-client connect --json | another-program

Type help after connecting for the list of commands.`;

/**
 * Reads the command line, `node` and the script's path first. Prints help, version or what is wrong itself; returns
 * the exit code when there is nothing more to do.
 */
export function parseCommandLine(argv: readonly string[], version: string): ClientOptions | number {
  let options: ClientOptions | undefined;
  const program = createProgram(version, (parsed) => {
    options = parsed;
  });
  try {
    program.parse(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.fine : exitCodes.badUsage;
  }
  return options ?? exitCodes.badUsage;
}

interface ConnectFlags extends TlsFlags {
  readonly verbose?: boolean;
  readonly classic?: boolean;
  readonly json?: boolean;
  readonly timeout: number;
}

function createProgram(version: string, take: (options: ClientOptions) => void): Command {
  const program = new Command('chat-client')
    .description('Chat from the command line, or from a script through a pipe')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .showHelpAfterError('Type chat-client --help for how it is used.')
    .addHelpText('after', examples)
    .exitOverride();
  const connect = program
    .command('connect')
    .description('connect to a server and take commands from the terminal, or from a pipe')
    .argument(
      '[address]',
      `HOST, HOST:PORT or [IPV6]:PORT; the port is ${addressDefault.port} when left out`,
      readAddress,
    )
    .option('-v, --verbose', 'show what is received, as the original client does')
    .option('--classic', 'on a terminal: the original client, in which nothing appears by itself')
    .addOption(
      new Option(
        '--json',
        'for programs: commands as lines in, replies and events as JSON lines out',
      ).conflicts(['classic', 'verbose']),
    )
    .option('--timeout <seconds>', 'how long to wait for a reply', readSeconds, 30)
    .addHelpText('after', examples)
    .action((address: Address | undefined, flags: ConnectFlags) => {
      const { tls, tlsCa, tlsFingerprint } = flags;
      take({
        address: address ?? addressDefault,
        tls: { tls, tlsCa, tlsFingerprint },
        verbose: flags.verbose === true,
        classic: flags.classic === true,
        json: flags.json === true,
        requestTimeoutMs: flags.timeout * 1_000,
      });
    });
  for (const option of tlsFlagOptions()) connect.addOption(option);
  return program;
}

function readAddress(text: string): Address {
  const address = parseAddress(text);
  if (typeof address === 'string') {
    throw new InvalidArgumentError(`${address}, such as ${formatAddress(addressDefault)}.`);
  }
  return address;
}

function readSeconds(text: string): number {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (seconds < 1) throw new InvalidArgumentError('write whole seconds, from 1 to 9999.');
  return seconds;
}
