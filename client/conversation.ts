import { carryOut, type AskSecret, type StepRunner } from './carry-out';
import type { ChatConnection } from './chat-connection';
import { ChatError } from './chat-error';
import type { Printer } from './printer';
import type { Session } from './session';
import { errorLine, type OutputLine, type Step } from './step';
import { pythonBytes } from './visible-text';

/** Carries out what the session decides, one line at a time: one request is in flight at most. */
export class Conversation implements StepRunner {
  constructor(
    readonly session: Session,
    readonly connection: ChatConnection,
    private readonly printer: Printer,
    private readonly verbose: boolean,
  ) {
    if (!verbose) return;
    connection.on('received', (bytes) => {
      this.printer.print([trace(`diterima dari server ${pythonBytes(bytes)}`)]);
    });
  }

  /** Runs one typed line to its end. Rejects with a `ChatError` when that cost the connection. */
  enter(typed: string, askSecret: AskSecret): Promise<'stay' | 'leave'> {
    return carryOut(this.session.enter(typed), this, askSecret);
  }

  print(lines: readonly OutputLine[]): void {
    this.printer.print(lines);
  }

  post(): Promise<void> {
    throw new Error('a message was to be posted on a connection that is not subscribed');
  }

  async exchange({ line, shown, answer }: Step & { do: 'request' }): Promise<void> {
    if (this.verbose && shown) this.printer.print([trace(line), trace('')]);
    try {
      const reply = await this.connection.request(line);
      if (this.verbose) this.printer.print([trace('end of string')]);
      this.printer.print(answer(reply));
    } catch (error) {
      // A request that was refused before it was sent, or a reply without its parts, leaves the connection as it was.
      if (!(error instanceof ChatError) || !this.connection.isOpen) throw error;
      this.printer.print([errorLine(error.message)]);
    }
  }
}

function trace(text: string): OutputLine {
  return { kind: 'trace', text };
}
