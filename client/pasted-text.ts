import type readline from 'node:readline';

/** What node:readline has for its own use. */
interface Completing {
  /** False while it takes what was pasted, but for the last character. */
  isCompletionEnabled: boolean;
  completer: unknown;
}

/**
 * node:readline puts what is pasted at the end of the line, wherever the cursor is, because a Tab in it must not complete
 * anything. With nothing that could complete, it may take each character as one that was typed.
 */
export function mendPasting(lines: readline.Interface, input: NodeJS.ReadableStream): void {
  const completing = lines as unknown as Completing;
  const { completer } = completing;
  let isMended = false;
  input.prependListener('keypress', () => {
    isMended = !completing.isCompletionEnabled && lines.cursor < lines.line.length;
    if (!isMended) return;
    completing.isCompletionEnabled = true;
    completing.completer = undefined;
  });
  input.on('keypress', () => {
    if (!isMended) return;
    completing.isCompletionEnabled = false;
    completing.completer = completer;
  });
}
