import type readline from 'node:readline';
import { setTypedText } from './edited-line';

interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
}

/** Whether this process is on a terminal that obeys nothing: no colours, no cursor. node:readline asks the same way. */
export function isDumbTerminal(): boolean {
  return process.env.TERM === 'dumb';
}

/**
 * On a dumb terminal node:readline knows no keys but Enter, Ctrl-C and Ctrl-D: every other one, Backspace first of all,
 * becomes a character of the line. This takes those out again, and does what Backspace and Ctrl-U mean.
 *
 * @param erase is told how many characters to take back on the screen
 */
export function mendDumbKeys(
  lines: readline.Interface,
  input: NodeJS.ReadableStream,
  erase: (characterCount: number) => void,
): void {
  input.on('keypress', (_character: string | undefined, key: Key) => {
    const typed = Array.from(lines.line);
    const kept = typed.filter((character) => character >= ' ' && character !== '\x7f');
    if (kept.length === typed.length) return;
    let erasedCount = 0;
    if (key.name === 'backspace') erasedCount = Math.min(1, kept.length);
    else if (key.ctrl === true && key.name === 'u') erasedCount = kept.length;
    setTypedText(lines, kept.slice(0, kept.length - erasedCount).join(''));
    erase(erasedCount);
  });
}
