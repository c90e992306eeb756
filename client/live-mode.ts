import { completeLine } from './completion';
import { LiveConversation } from './live-conversation';
import { Printer } from './printer';
import type { ReconnectingLink } from './reconnecting-link';
import { Session } from './session';
import { hint } from './step';
import { TerminalInput } from './terminal-input';
import type { Terminal } from './terminal-mode';
import { TerminalView } from './terminal-view';
import { pythonBytes } from './visible-text';

export interface LiveOptions {
  /** Shown first. */
  readonly greeting: string;
  /** Whether to show what is received. */
  readonly verbose: boolean;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Holds a live conversation on a terminal until the user leaves: messages appear above the line being typed, and lost
 * connections are replaced. Resolves with the number of messages that got no answer.
 */
export async function runLive(
  link: ReconnectingLink,
  terminal: Terminal,
  options: LiveOptions,
): Promise<number> {
  const { output } = terminal;
  const session = new Session({ canAsk: true, isLive: true, columns: () => output.columns });
  const { state } = session;
  const input = new TerminalInput(terminal.input, output, {
    promptStays: true,
    complete: (line) => completeLine(line, { names: state.namesSeen, rooms: state.roomsSeen }, true),
    onInterrupt: () => {
      view.print([hint('Ctrl-C again leaves, and so do Ctrl-D and exit.')]);
    },
    onAbandon: () => {
      conversation.abandon();
    },
  });
  // Hints too: what goes to the terminal past the line being typed would spoil it.
  const sink = {
    isTTY: true,
    write: (text: string) => {
      input.printAbove(text.replace(/\n$/, ''));
    },
  };
  const screen = {
    get isTyping() {
      return input.isTyping;
    },
    get columns() {
      return output.columns;
    },
    setPrompt: (prompt: string) => {
      input.setPrompt(prompt);
    },
    shown: () => input.shown(),
  };
  const printer = new Printer(sink, sink, options.environment);
  const view = new TerminalView(screen, printer, state);
  const conversation = new LiveConversation(session, link, view, false);
  view.pendingCount = () => conversation.pendingCount;
  if (options.verbose) traceReceived(link, view);
  view.print([hint(options.greeting)]);
  try {
    await converse(conversation, view, input);
    return await conversation.close();
  } finally {
    input.close();
  }
}

async function converse(
  conversation: LiveConversation,
  view: TerminalView,
  input: TerminalInput,
): Promise<void> {
  const askSecret = async (question: string): Promise<string | undefined> => {
    const typed = await input.readSecret(question);
    return typed.kind === 'line' ? typed.text : undefined;
  };
  for (;;) {
    const typed = await input.readLine(view.prompt);
    if (typed.kind === 'left') return;
    view.entered();
    if (typed.kind === 'line' && (await conversation.enter(typed.text, askSecret)) === 'leave') return;
  }
}

function traceReceived(link: ReconnectingLink, view: TerminalView): void {
  const trace = (connection: NonNullable<typeof link.connection>): void => {
    connection.on('received', (bytes) => {
      view.print([{ kind: 'trace', text: `diterima dari server ${pythonBytes(bytes)}` }]);
    });
  };
  if (link.connection !== undefined) trace(link.connection);
  link.on('up', trace);
}
