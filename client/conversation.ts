import { carryOut, type AskSecret, type StepRunner } from './carry-out';
import type { ChatConnection } from './chat-connection';
import { ChatError } from './chat-error';
import type { Printer } from './printer';
import { retryMsOf, type Reply } from './reply';
import { restWhileOpen } from './rest';
import type { Session } from './session';
import { errorLine, hint, type OutputLine, type Step } from './step';
import { pythonBytes } from './visible-text';

export interface ConversationSetting {
  /** Whether to show what is sent and received. */
  readonly verbose: boolean;
  /** How long to go on repeating a command that the server refuses for now. 0: a person decides what to do then. */
  readonly repeatMsMax: number;
}

/** Carries out what the session decides, one line at a time: one request is in flight at most. */
export class Conversation implements StepRunner {
  private hasToldOfLimit = false;

  constructor(
    readonly session: Session,
    readonly connection: ChatConnection,
    private readonly printer: Printer,
    private readonly setting: ConversationSetting,
  ) {
    if (!setting.verbose) return;
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
    if (this.setting.verbose && shown) this.printer.print([trace(line), trace('')]);
    try {
      this.printer.print(answer(await this.finalReply(line)));
    } catch (error) {
      // A request that was refused before it was sent, or a reply without its parts, leaves the connection as it was.
      if (!(error instanceof ChatError) || !this.connection.isOpen) throw error;
      this.printer.print([errorLine(error.message)]);
    }
  }

  /** Comes back when the server says so: nothing was done then, and what follows in the pipe must not overtake it. */
  private async finalReply(line: string): Promise<Reply> {
    const { verbose, repeatMsMax } = this.setting;
    const repeatUntilMs = performance.now() + repeatMsMax;
    for (;;) {
      const reply = await this.connection.request(line);
      if (verbose) this.printer.print([trace('end of string')]);
      const retryMs = reply.ok ? undefined : retryMsOf(reply);
      if (retryMs === undefined || performance.now() + retryMs > repeatUntilMs) return reply;
      this.tellOfLimit();
      await restWhileOpen(this.connection, retryMs);
      if (!this.connection.isOpen) return reply;
    }
  }

  private tellOfLimit(): void {
    if (this.hasToldOfLimit) return;
    this.hasToldOfLimit = true;
    this.printer.print([hint('the server limits how much it takes at once: going on as fast as it allows.')]);
  }
}

function trace(text: string): OutputLine {
  return { kind: 'trace', text };
}
