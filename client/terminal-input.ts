import readline from 'node:readline';
import type { ReadStream } from 'node:tty';
import { isDumbTerminal, mendDumbKeys } from './dumb-keys';
import { setRowsAboveCursor } from './edited-line';
import { historyLinesMax, isSecretLine } from './history';
import { MutableOutput, type TerminalOutput } from './mutable-output';
import { mendPasting } from './pasted-text';
import { PromptLine } from './prompt-line';
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
  /** Whether the prompt stays while nobody reads: then everything is to be printed with `printAbove`. */
  readonly promptStays?: boolean;
}

/** Lines typed or pasted while a reply is waited for; beyond them the terminal itself is left to hold the rest. */
const typeAheadLinesMax = 100;
/** Lines to be shown that come while a secret is typed; further ones are not shown. */
const heldLinesMax = 1_000;

/** Lines from a terminal, with editing, history and completion by node:readline. One reader at a time. */
export class TerminalInput {
  private readonly output: MutableOutput;
  private readonly lines: readline.Interface;
  private readonly isDumb = isDumbTerminal();
  private readonly promptStays: boolean;
  private readonly typeAhead: string[] = [];
  /** What came while a secret was typed. */
  private readonly held: string[] = [];
  private heldWaiters: (() => void)[] = [];
  /** readline's own array, newest first, once there has been a line. */
  private history: string[] = [];
  private reader: ((typed: Typed) => void) | undefined;
  private readonly promptLine: PromptLine;
  /** The prompt that stays. */
  private prompt = '';
  private readingSecret = false;
  private interrupted = false;
  private left = false;

  constructor(
    private readonly input: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'setRawMode'>>,
    private readonly terminal: TerminalOutput,
    private readonly options: TerminalInputOptions,
  ) {
    this.promptStays = options.promptStays === true;
    this.output = new MutableOutput(terminal, this.isDumb);
    // Before readline draws for the new width: terminals wrap anew what is there, and the cursor moves with it.
    this.output.on('resize', () => {
      this.followCursor();
    });
    this.lines = readline.createInterface({
      input,
      output: this.output,
      terminal: true,
      historySize: historyLinesMax,
      completer: (line: string) => (this.readingSecret ? [[], line] : options.complete(line)),
    });
    this.promptLine = new PromptLine(this.lines, this.output, this.isDumb);
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
    this.lines.on('SIGTSTP', () => {
      this.suspend();
    });
    this.lines.on('close', () => {
      this.takeLeave();
    });
    mendPasting(this.lines, input);
    input.on('keypress', () => {
      this.followCursor();
    });
    if (this.isDumb) {
      mendDumbKeys(this.lines, input, (characterCount) => {
        if (!this.output.muted) terminal.write('\b \b'.repeat(characterCount));
      });
    }
  }

  /** Whether there is text in the line being typed. */
  get isTyping(): boolean {
    return this.lines.line !== '';
  }

  /** Shows the prompt and reads a line. */
  readLine(prompt: string): Promise<Typed> {
    const early = this.typeAhead.shift();
    if (early !== undefined) {
      if (!this.promptStays) this.output.write(`${prompt}${visibleText(early)}\n`);
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
    if (this.promptStays) this.printAbove(prompt);
    else this.output.write(`${prompt}\n`);
    return Promise.resolve({ kind: 'line', text: early });
  }

  /** Changes the prompt that stays, before what is being typed. */
  setPrompt(prompt: string): void {
    this.prompt = prompt;
    if (this.readingSecret || this.left) return;
    if (!this.isDumb || this.reader !== undefined) this.promptLine.show(prompt);
    this.pauseWhenFull();
  }

  /**
   * Prints whole lines above the line being typed, which stays as it is. While a secret is typed, they are held back:
   * `shown` tells when they are out.
   */
  printAbove(text: string): void {
    if (this.left) {
      this.terminal.write(`${text}\n`);
    } else if (this.readingSecret) {
      if (this.held.length < heldLinesMax) this.held.push(text);
    } else if (this.isDumb && !this.promptLine.isShown) {
      this.promptLine.print(text);
    } else {
      this.promptLine.printAbove(text, this.prompt);
      this.pauseWhenFull();
    }
  }

  /** Resolves when everything printed so far is on the screen. */
  shown(): Promise<void> {
    if (this.held.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.heldWaiters.push(resolve);
    });
  }

  close(): void {
    if (!this.left) this.lines.close();
  }

  private read(prompt: string, secret: boolean): Promise<Typed> {
    if (this.left) return Promise.resolve({ kind: 'left' });
    if (this.promptStays && !secret) {
      this.prompt = prompt;
      this.promptLine.show(prompt);
      this.lines.resume();
    } else {
      this.promptLine.leave();
      if (secret) this.promptLine.forget();
      this.lines.setPrompt(prompt);
      this.lines.prompt(true);
    }
    this.readingSecret = secret;
    this.output.muted = secret;
    return new Promise((resolve) => {
      this.reader = resolve;
    });
  }

  private takeLine(line: string): void {
    this.interrupted = false;
    this.promptLine.entered();
    // A dumb terminal could not take it away again for the answer.
    if (this.promptStays && !this.readingSecret && !this.isDumb) this.promptLine.show(this.prompt);
    if (this.reader === undefined) {
      this.typeAhead.push(line);
      this.pauseWhenFull();
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
    this.promptLine.interrupt(this.readingSecret);
    this.typeAhead.length = 0;
    if (leaving) {
      if (this.reader === undefined) this.options.onAbandon();
      this.lines.close();
      return;
    }
    const { reader } = this;
    if (!cleared) this.options.onInterrupt();
    this.settle({ kind: 'interrupted' });
    if (this.promptStays && reader === undefined) this.promptLine.show(this.prompt);
  }

  /**
   * Ctrl-Z: the terminal is the shell's until `fg`. Where no shell has started us nothing stops, and we are back at once.
   * readline would read nothing more in the first case, and leave the terminal echoing in the other.
   */
  private suspend(): void {
    const { isPromptShown } = this;
    if (this.readingSecret) this.promptLine.forget();
    if (isPromptShown) this.promptLine.takeAway();
    this.input.setRawMode?.(false);
    process.kill(process.pid, 'SIGTSTP');
    this.input.setRawMode?.(true);
    if (isPromptShown) this.promptLine.bringBack();
    this.output.muted = this.readingSecret;
  }

  private takeLeave(): void {
    this.left = true;
    this.output.muted = false;
    // Whatever comes next, the shell's prompt first of all, starts on a line of its own.
    if (this.promptStays && !this.readingSecret) this.promptLine.erase();
    else if (this.reader !== undefined && !this.interrupted) this.output.write('\n');
    this.settle({ kind: 'left' });
    this.output.destroy();
  }

  private settle(typed: Typed): void {
    const { reader } = this;
    this.reader = undefined;
    this.readingSecret = false;
    for (const text of this.held.splice(0)) this.printAbove(text);
    for (const resolve of this.heldWaiters.splice(0)) resolve();
    reader?.(typed);
  }

  private get isPromptShown(): boolean {
    return this.promptStays && !this.readingSecret ? this.promptLine.isShown : this.reader !== undefined;
  }

  /** readline draws from where it believes the cursor to be, and pasted text or a new width may have moved it. */
  private followCursor(): void {
    if (this.isPromptShown) setRowsAboveCursor(this.lines, this.lines.getCursorPos().rows);
  }

  /** Drawing a prompt makes readline read on, wanted or not. */
  private pauseWhenFull(): void {
    if (this.typeAhead.length >= typeAheadLinesMax && !this.left) this.lines.pause();
  }
}
