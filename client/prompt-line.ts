import type readline from 'node:readline';
import { setRowsAboveCursor, setTypedText } from './edited-line';
import type { MutableOutput } from './mutable-output';

/**
 * The line in which the user types, as node:readline draws it, and what is printed above it. All widths and rows are
 * readline's own, so that wide characters, wrapped lines and narrow terminals come out as it drew them.
 */
export class PromptLine {
  private shown = false;
  private prompt = '';

  constructor(
    private readonly lines: readline.Interface,
    private readonly output: MutableOutput,
    private readonly isDumb: boolean,
  ) {
    lines.setPrompt('');
  }

  /** Whether the line that the cursor is in begins with the prompt. */
  get isShown(): boolean {
    return this.shown;
  }

  /** Shows this prompt before what is typed. What a dumb terminal shows cannot be changed: there it waits for the next line. */
  show(prompt: string): void {
    if (prompt === this.prompt && this.shown) return;
    if (this.isDumb && this.shown) this.lines.setPrompt(prompt);
    else this.draw(prompt, '');
    this.prompt = prompt;
  }

  /** Prints whole lines where there is no prompt. */
  print(text: string): void {
    this.output.write(`${text}\n`);
  }

  /** Prints whole lines and then shows the prompt, with what is typed, under them. */
  printAbove(text: string, prompt: string): void {
    const begin = this.isDumb && this.shown ? '\n' : '';
    this.draw(prompt, `${begin}${text}\n`);
    if (this.isDumb) this.output.write(this.lines.line);
    this.prompt = prompt;
  }

  /** The cursor is in a new line: Enter was typed, or something else is asked for. */
  leave(): void {
    if (this.isDumb && this.shown) this.output.write('\n');
    this.shown = false;
  }

  /** The same where Enter has been echoed. */
  entered(): void {
    this.shown = false;
  }

  /** Forgets what is typed, shows that it does, and goes to a new line. */
  interrupt(isSecret: boolean): void {
    // To its end first: the mark must not stand in the middle of what was typed.
    if (!this.isDumb && !isSecret) this.lines.write(null, { ctrl: true, name: 'e' });
    this.forget();
    this.output.write('^C\n');
    setRowsAboveCursor(this.lines, 0);
    this.shown = false;
  }

  /** Forgets what is typed, as Ctrl-E and Ctrl-U would, without showing that it does. */
  forget(): void {
    if (this.isDumb) {
      setTypedText(this.lines, '');
      return;
    }
    this.output.muted = true;
    this.lines.write(null, { ctrl: true, name: 'e' });
    this.lines.write(null, { ctrl: true, name: 'u' });
    this.output.muted = false;
  }

  /** Takes the prompt away; what is printed next begins a line. */
  erase(): void {
    if (this.shown) this.output.write(this.isDumb ? '\n' : this.eraseSequence());
    this.shown = false;
  }

  /** Takes away what readline shows, whoever asked it to. */
  takeAway(): void {
    this.output.write(this.eraseSequence());
  }

  /** Shows it again, where the cursor is now. */
  bringBack(): void {
    setRowsAboveCursor(this.lines, 0);
    this.lines.prompt(true);
  }

  /** Puts the text where the prompt was, and the prompt with what is typed under it. */
  private draw(prompt: string, text: string): void {
    // Where the cursor is follows from the prompt that was there until now; without one it is in a new line already.
    this.output.write(this.isDumb || !this.shown ? text : `${this.eraseSequence()}${text}`);
    setRowsAboveCursor(this.lines, 0);
    this.lines.setPrompt(prompt);
    this.shown = prompt !== '';
    this.lines.prompt(true);
  }

  private eraseSequence(): string {
    const { rows, cols } = this.lines.getCursorPos();
    // Behind the last column the cursor waits in that row, unless something has made it go on to the next.
    const goOn = cols === 0 && rows > 0 ? ' \r' : '';
    return `${goOn}${rows > 0 ? `\x1b[${rows}A` : ''}\r\x1b[0J`;
  }
}
