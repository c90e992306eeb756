import { coloured, wantsColour } from './colour';
import type { OutputLine } from './step';
import { visibleText } from './visible-text';

/** As much of a terminal, pipe or file as printing needs. */
export interface TextSink {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The one way out for text: nothing that a server sent reaches the terminal without passing `visibleText` here. */
export class Printer {
  private readonly colourOut: boolean;
  private readonly colourErr: boolean;

  constructor(
    private readonly out: TextSink,
    private readonly err: TextSink,
    environment: NodeJS.ProcessEnv,
  ) {
    this.colourOut = wantsColour(out, environment);
    this.colourErr = wantsColour(err, environment);
  }

  print(lines: readonly OutputLine[]): void {
    for (const { kind, text } of lines) {
      const isHint = kind === 'hint';
      const shown = visibleText(text);
      const line = (isHint ? this.colourErr : this.colourOut) ? coloured(shown, kind) : shown;
      (isHint ? this.err : this.out).write(`${line}\n`);
    }
  }

  /** A prompt in the colours of this terminal. */
  prompt(text: string): string {
    return this.colourOut ? coloured(text, 'prompt') : text;
  }
}
