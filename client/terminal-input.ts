import readline from 'node:readline';
import { historyLinesMax, isSecretLine } from './history';
import { MutableOutput, type TerminalOutput } from './mutable-output';
import { visibleText } from './visible-text';

export type Typed =
  | { readonly kind: 'line'; readonly text: string }
  /** Ctrl-C: what was being typed is gone. */
  | { readonly kind: 'interrupted' }
  /** Ctrl-D, a second Ctrl-C, or `close`: there will be no more lines. */
  | { readonly kind: 'left' };

export interface TerminalInputOptions {
  readonly complete: (line: string) => [string[], string];
  /** A first Ctrl-C that had nothing to clear: the place for a hint that a second one leaves. */
  readonly onInterrupt: () => void;
  /** A second Ctrl-C while nobody reads: a reply is being waited for, and the user would rather not. */
  readonly onAbandon: () => void;
}

/** Lines typed or pasted while a reply is waited for; beyond them the terminal itself is left to hold the rest. */
const typeAheadLinesMax = 100;

/** Lines from a terminal, with editing, history and completion by node:readline. One reader at a time. */
export class TerminalInput {
  private readonly output: MutableOutput;
  private readonly lines: readline.Interface;
  private readonly typeAhead: string[] = [];
  /** readline's own array, newest first, once there has been a line. */
  private history: string[] = [];
  private reader: ((typed: Typed) => void) | undefined;
  private readingSecret = false;
  private interrupted = false;
  private left = false;

  constructor(
    input: NodeJS.ReadableStream,
    output: TerminalOutput,
    private readonly options: TerminalInputOptions,
  ) {
    this.output = new MutableOutput(output);
    this.lines = readline.createInterface({
      input,
      output: this.output,
      terminal: true,
      historySize: historyLinesMax,
      completer: (line: string) => (this.readingSecret ? [[], line] : options.complete(line)),
    });
    this.lines.on('history', (history) => {
      this.history = history;
      if (this.readingSecret || isSecretLine(history[0] ?? '')) history.shift();
    });
    this.lines.on('line', (line) => {
      this.takeLine(line);
    });
    this.lines.on('SIGINT', () => {
      this.interrupt();
    });
    this.lines.on('close', () => {
      this.takeLeave();
    });
  }

  /** Shows the prompt and reads a line. */
  readLine(prompt: string): Promise<Typed> {
    const early = this.typeAhead.shift();
    if (early !== undefined) {
      this.output.write(`${prompt}${visibleText(early)}\n`);
      return Promise.resolve({ kind: 'line', text: early });
    }
    return this.read(prompt, false);
  }

  /** The same without echo, completion or a place in the history. */
  readSecret(prompt: string): Promise<Typed> {
    const early = this.typeAhead.shift();
    if (early === undefined) return this.read(prompt, true);
    const kept = this.history.indexOf(early);
    if (kept >= 0) this.history.splice(kept, 1);
    this.output.write(`${prompt}\n`);
    return Promise.resolve({ kind: 'line', text: early });
  }

  close(): void {
    if (!this.left) this.lines.close();
  }

  private read(prompt: string, secret: boolean): Promise<Typed> {
    if (this.left) return Promise.resolve({ kind: 'left' });
    if (secret) this.clearLine();
    this.lines.setPrompt(prompt);
    this.lines.prompt(true);
    this.readingSecret = secret;
    this.output.muted = secret;
    return new Promise((resolve) => {
      this.reader = resolve;
    });
  }

  private takeLine(line: string): void {
    this.interrupted = false;
    if (this.reader === undefined) {
      this.typeAhead.push(line);
      if (this.typeAhead.length >= typeAheadLinesMax) this.lines.pause();
      return;
    }
    const { readingSecret } = this;
    this.output.muted = false;
    // The line end was as mute as the rest.
    if (readingSecret) this.output.write('\n');
    this.settle({ kind: 'line', text: line });
  }

  private interrupt(): void {
    const cleared = this.readingSecret || this.lines.line !== '';
    const leaving = this.interrupted && !cleared;
    this.interrupted = true;
    this.clearLine();
    this.output.write('^C\n');
    this.typeAhead.length = 0;
    if (leaving) {
      if (this.reader === undefined) this.options.onAbandon();
      this.lines.close();
      return;
    }
    if (!cleared) this.options.onInterrupt();
    this.settle({ kind: 'interrupted' });
  }

  private takeLeave(): void {
    this.left = true;
    this.output.muted = false;
    // Whatever comes next, the shell's prompt first of all, starts on a line of its own.
    if (this.reader !== undefined && !this.interrupted) this.output.write('\n');
    this.settle({ kind: 'left' });
    this.output.destroy();
  }

  private settle(typed: Typed): void {
    const { reader } = this;
    this.reader = undefined;
    this.readingSecret = false;
    reader?.(typed);
  }

  /** Forgets what is being typed, as Ctrl-E and Ctrl-U would, without showing that it does. */
  private clearLine(): void {
    this.output.muted = true;
    this.lines.write(null, { ctrl: true, name: 'e' });
    this.lines.write(null, { ctrl: true, name: 'u' });
    this.output.muted = false;
  }
}
