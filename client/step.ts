import type { LineKind } from './colour';
import { codeOfText, type Reply } from './reply';

export interface OutputLine {
  readonly kind: LineKind;
  readonly text: string;
  /** Of an error: a code of the protocol, or one of this side. */
  readonly code?: string;
}

/** What a typed line leads to. The session decides it, whoever drives the session does it. */
export type Step =
  | { readonly do: 'print'; readonly lines: readonly OutputLine[] }
  | {
      readonly do: 'request';
      /** Without its line end. */
      readonly line: string;
      /** Whether `--verbose` shows the line before it is sent, as the original client does for `send`. */
      readonly shown: boolean;
      /** What to print for the reply. Changes the session's state. May throw a `ChatError` BAD_REPLY. */
      readonly answer: (reply: Reply) => readonly OutputLine[];
    }
  | {
      readonly do: 'ask';
      /** Prompts for what must not be echoed, in order. */
      readonly questions: readonly string[];
      readonly answered: (answers: readonly string[]) => Step;
    }
  /** Sends with a key, now or when there is a connection again. */
  | { readonly do: 'post'; readonly destination: string; readonly text: string }
  | { readonly do: 'leave' };

export function print(...lines: readonly OutputLine[]): Step {
  return { do: 'print', lines };
}

export function answer(text: string): OutputLine {
  return { kind: 'answer', text };
}

export function hint(text: string): OutputLine {
  return { kind: 'hint', text: `chat-client: ${text}` };
}

/** In the form of the original client. */
export function errorLine(text: string, code = codeOfText(text)): OutputLine {
  return { kind: 'error', text: `Error, ${text}`, code };
}
