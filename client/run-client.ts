import { ChatConnection } from './chat-connection';
import { ChatError } from './chat-error';
import { formatAddress } from './address';
import { Conversation } from './conversation';
import { connectFailureText, lostConnectionText } from './failure-text';
import { exitCodes, type ClientOptions } from './options';
import { runPipe } from './pipe-mode';
import { Printer } from './printer';
import { Session } from './session';
import { hint } from './step';
import { runTerminal } from './terminal-mode';
import { visibleText } from './visible-text';

/** Connects, holds the conversation on the process's standard streams, and returns the exit code. */
export async function runClient(options: ClientOptions): Promise<number> {
  const { address, verbose, requestTimeoutMs } = options;
  const { stdin, stdout, stderr } = process;
  let connection: ChatConnection;
  try {
    connection = await ChatConnection.connect(address.host, address.port, { requestTimeoutMs });
  } catch (error) {
    return complain(error, (failure) => connectFailureText(failure, address));
  }
  const isTerminal = stdin.isTTY && stdout.isTTY;
  const printer = new Printer(stdout, stderr, process.env);
  const conversation = new Conversation(new Session(isTerminal), connection, printer, verbose);
  try {
    if (isTerminal) {
      printer.print([hint(`connected to ${formatAddress(address)}; type help for the list of commands.`)]);
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
  return complain(closeReason, (failure) => lostConnectionText(failure, address));
}

function complain(error: unknown, text: (failure: ChatError) => string): number {
  if (!(error instanceof ChatError)) throw error;
  process.stderr.write(`${visibleText(text(error))}\n`);
  return exitCodes.failure;
}
