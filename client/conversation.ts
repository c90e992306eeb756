import type { ChatConnection } from './chat-connection';
import { ChatError } from './chat-error';
import type { Printer } from './printer';
import type { Session } from './session';
import { errorLine, type OutputLine, type Step } from './step';
import { pythonBytes } from './visible-text';

/** Asks for something that must not be echoed; resolves with undefined when the user would rather not say. */
export type AskSecret = (question: string) => Promise<string | undefined>;

/** Carries out what the session decides, one line at a time: one request is in flight at most. */
export class Conversation {
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
  async enter(typed: string, askSecret: AskSecret): Promise<'stay' | 'leave'> {
    let step: Step | undefined = this.session.enter(typed);
    while (step !== undefined) {
      if (step.do === 'leave') return 'leave';
      step = await this.carryOut(step, askSecret);
    }
    return 'stay';
  }

  private async carryOut(
    step: Exclude<Step, { do: 'leave' }>,
    askSecret: AskSecret,
  ): Promise<Step | undefined> {
    switch (step.do) {
      case 'print':
        this.printer.print(step.lines);
        return undefined;
      case 'request':
        await this.exchange(step);
        return undefined;
      case 'ask': {
        const answers: string[] = [];
        for (const question of step.questions) {
          const answer = await askSecret(question);
          if (answer === undefined) return undefined;
          answers.push(answer);
        }
        return step.answered(answers);
      }
    }
  }

  private async exchange({ line, shown, answer }: Step & { do: 'request' }): Promise<void> {
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
