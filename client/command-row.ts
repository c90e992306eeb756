/** What a command that can be typed consists of, and what the commands' files share. */
import { errorTexts } from '../shared/protocol/error-codes';
import type { Reply } from './reply';
import type { SessionState } from './session-state';
import { errorLine, print, type OutputLine, type Step } from './step';

/** What Tab offers for a parameter: users, rooms, or both. */
export type Completion = 'name' | 'room' | 'destination';

export interface Command {
  readonly name: string;
  readonly aliases: readonly string[];
  /** As `help` shows them. */
  readonly parameters: string;
  readonly summary: string;
  readonly needsLogin: boolean;
  /** Whether the line may hold a password: such lines never enter the history. */
  readonly secret: boolean;
  /** What Tab completes the first parameters from. */
  readonly completes: readonly Completion[];
  /** Whether it is there only where messages come by themselves. */
  readonly isLiveOnly: boolean;
  /** Throws a `ChatError` when the parameters are refused. `rest` is what follows the command, outer spaces removed at the start. */
  readonly run: (state: SessionState, rest: string) => Step;
}

/** A command with its usual parts left out. */
export type CommandRow = Pick<Command, 'name' | 'summary' | 'run'> & Partial<Command>;

export function request(line: string, succeeded: (reply: Reply) => OutputLine[]): Step & { do: 'request' } {
  return { do: 'request', line, shown: false, answer: succeeded };
}

/** Asks when somebody is there to answer; in a pipe the parameters are simply missing. */
export function ask(
  state: SessionState,
  questions: readonly string[],
  answered: (answers: readonly string[]) => Step,
): Step {
  return state.setting.canAsk ? { do: 'ask', questions, answered } : print(errorLine(errorTexts.BAD_COMMAND));
}

/** Commands that take a token run only after login: `Session` sees to it. */
export function tokenIn(state: SessionState): string {
  if (state.token === undefined) throw new Error('a command that needs a login ran without one');
  return state.token;
}
