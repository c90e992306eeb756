/**
 * What a line is, which decides its colour and where it goes: hints to standard error, all else to standard output. A
 * message and a notice come by themselves.
 */
export type LineKind = 'answer' | 'error' | 'trace' | 'hint' | 'message' | 'notice';

const escapes: Readonly<Record<LineKind | 'prompt', string>> = {
  answer: '',
  error: '\x1b[31m',
  trace: '\x1b[90m',
  hint: '\x1b[33m',
  message: '\x1b[32m',
  notice: '\x1b[90m',
  prompt: '\x1b[36m',
};

/** Whether to colour what goes to a stream: on a terminal only, unless the user said no (https://no-color.org). */
export function wantsColour(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  if (stream.isTTY !== true) return false;
  return (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';
}

export function coloured(text: string, kind: LineKind | 'prompt'): string {
  const escape = escapes[kind];
  return escape === '' ? text : `${escape}${text}\x1b[39m`;
}
