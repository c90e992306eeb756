import { errorTexts } from '../shared/protocol/error-codes';
import { ChatError } from './chat-error';
import { splitCommand } from './command-words';
import { findCommand } from './commands';
import { errorOf, retryMsOf, type Reply } from './reply';
import { SessionState, type SessionSetting } from './session-state';
import { errorLine, hint, print, type OutputLine, type Step } from './step';

/** What to do about a session that the server does not know. */
export const forgottenLoginText =
  'the server no longer knows this login: it was restarted, or the session has ended. Log in again with auth.';

/**
 * The command line without its input and output: takes a typed line, says what to do. A request's reply goes to the
 * `answer` of its step before the next line is entered.
 */
export class Session {
  readonly state: SessionState;

  constructor(setting: Partial<SessionSetting> = {}) {
    this.state = new SessionState(setting);
  }

  /** The seed's prompt: it shows the token once there is one. */
  get prompt(): string {
    return `Command ${this.state.token ?? ''}:`;
  }

  /** What the line leads to. A blank one leads to nothing. */
  enter(typed: string): Step {
    const { command: word, rest } = splitCommand(typed);
    if (word === '') return print();
    const { isLive } = this.state.setting;
    const command = findCommand(isLive ? word.replace(/^\//, '') : word, isLive);
    if (command === undefined) return print(errorLine(errorTexts.BAD_COMMAND));
    if (command.needsLogin && this.state.token === undefined)
      return print(errorLine('not authorized', 'NOT_AUTHORIZED'));
    return this.guarded(() => command.run(this.state, rest));
  }

  /** A refused parameter becomes an error line; a request learns what an error reply means. */
  private guarded(decide: () => Step): Step {
    let step: Step;
    try {
      step = decide();
    } catch (error) {
      if (error instanceof ChatError) return print(errorLine(error.message, error.code));
      throw error;
    }
    if (step.do === 'request') {
      const { answer: succeeded } = step;
      return { ...step, answer: (reply) => (reply.ok ? succeeded(reply) : this.failed(reply)) };
    }
    if (step.do === 'ask') {
      const { answered } = step;
      return { ...step, answered: (answers) => this.guarded(() => answered(answers)) };
    }
    return step;
  }

  private failed(reply: Reply): OutputLine[] {
    const { code, message } = errorOf(reply);
    const lines = [errorLine(message, code)];
    if (code === 'BAD_SESSION') {
      this.state.forgetLogin();
      lines.push(hint(forgottenLoginText));
    }
    const retryMs = retryMsOf(reply);
    if (retryMs !== undefined) lines.push(hint(`try again in ${(retryMs / 1_000).toFixed(1)} s.`));
    return lines;
  }
}
