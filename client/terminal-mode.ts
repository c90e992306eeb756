import { completeLine } from './completion';
import type { Conversation } from './conversation';
import type { TerminalOutput } from './mutable-output';
import type { Printer } from './printer';
import { hint } from './step';
import { TerminalInput } from './terminal-input';

/** A terminal on both sides; anything less is a pipe. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: TerminalOutput;
}

/** Resolves when the user leaves, and when the connection ends at the prompt; rejects when it ends during a command. */
export async function runTerminal(
  conversation: Conversation,
  printer: Printer,
  terminal: Terminal,
): Promise<void> {
  const { session, connection } = conversation;
  const { state } = session;
  const input = new TerminalInput(terminal.input, terminal.output, {
    complete: (line) => completeLine(line, { names: state.namesSeen, rooms: state.roomsSeen }, false),
    onInterrupt: () => {
      printer.print([hint('Ctrl-C again leaves, and so do Ctrl-D and exit.')]);
    },
    onAbandon: () => {
      connection.destroy();
    },
  });
  connection.once('close', () => {
    input.close();
  });
  const askSecret = async (question: string): Promise<string | undefined> => {
    const typed = await input.readSecret(question);
    return typed.kind === 'line' ? typed.text : undefined;
  };
  try {
    for (;;) {
      const typed = await input.readLine(printer.prompt(session.prompt));
      if (typed.kind === 'left') return;
      if (typed.kind === 'line' && (await conversation.enter(typed.text, askSecret)) === 'leave') return;
    }
  } finally {
    input.close();
  }
}
