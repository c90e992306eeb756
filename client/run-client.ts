import { formatAddress, type Address } from './address';
import { ChatConnection } from './chat-connection';
import { ChatError } from './chat-error';
import { Conversation } from './conversation';
import { connectFailureText, lostConnectionText, unansweredText } from './failure-text';
import { runJson } from './json-mode';
import { runLive } from './live-mode';
import { exitCodes, type ClientOptions } from './options';
import { runPipe } from './pipe-mode';
import { Printer } from './printer';
import { ReconnectingLink } from './reconnecting-link';
import { Session } from './session';
import { hint } from './step';
import { runTerminal } from './terminal-mode';
import { tlsOptionsOf } from './tls-flags';
import { visibleText } from './visible-text';

/** Connects, holds the conversation on the process's standard streams, and returns the exit code. */
export async function runClient(options: ClientOptions): Promise<number> {
  const { address, tls, requestTimeoutMs } = options;
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const connect = (signal?: AbortSignal): Promise<ChatConnection> =>
    ChatConnection.connect(address.host, address.port, { requestTimeoutMs, tls: tlsOptionsOf(tls), signal });
  const link = new ReconnectingLink(connect);
  const isLive = options.json || (isTerminal && !options.classic);
  let connection: ChatConnection;
  try {
    connection = await (isLive ? link.open() : connect());
  } catch (error) {
    return complain(error, (failure) => connectFailureText(failure, options));
  }
  return isLive ? holdLive(link, options) : holdClassic(connection, isTerminal, options);
}

/** As the original client: when the connection is lost, that is the end. */
async function holdClassic(
  connection: ChatConnection,
  isTerminal: boolean,
  options: ClientOptions,
): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const printer = new Printer(stdout, stderr, process.env);
  const session = new Session({ canAsk: isTerminal });
  const conversation = new Conversation(session, connection, printer, {
    verbose: options.verbose,
    repeatMsMax: isTerminal ? 0 : options.requestTimeoutMs,
  });
  try {
    if (isTerminal) {
      printer.print([hint(greeting(options.address))]);
      await runTerminal(conversation, printer, { input: stdin, output: stdout });
    } else {
      await runPipe(conversation, printer, stdin);
    }
  } catch (error) {
    // What ends a conversation early is the connection's end, which the next lines look at in every case.
    if (!(error instanceof ChatError)) throw error;
  }
  // An input that nobody reads any more must not keep the process alive.
  stdin.destroy();
  if (connection.isOpen) await connection.close();
  const { closeReason } = connection;
  if (closeReason === undefined) return exitCodes.fine;
  return complain(closeReason, (failure) => lostConnectionText(failure, options));
}

async function holdLive(link: ReconnectingLink, options: ClientOptions): Promise<number> {
  const { address, verbose, requestTimeoutMs } = options;
  const { stdin, stdout, env: environment } = process;
  const unansweredCount = options.json
    ? await runJson(link, { input: stdin, out: stdout, answerMsMax: requestTimeoutMs })
    : await runLive(
        link,
        { input: stdin, output: stdout },
        { greeting: greeting(address), verbose, environment },
      );
  stdin.destroy();
  // What was to be waited for has been.
  link.destroy();
  if (unansweredCount === 0) return exitCodes.fine;
  process.stderr.write(`${unansweredText(unansweredCount, options.json ? 'command' : 'message')}\n`);
  return exitCodes.failure;
}

function greeting(address: Address): string {
  return `connected to ${formatAddress(address)}; type help for the list of commands.`;
}

function complain(error: unknown, text: (failure: ChatError) => string): number {
  if (!(error instanceof ChatError)) throw error;
  process.stderr.write(`${visibleText(text(error))}\n`);
  return exitCodes.failure;
}
