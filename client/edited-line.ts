import type readline from 'node:readline';

/**
 * What node:readline keeps of the line being typed, in plain properties that its types do not let one set.
 */
interface EditedLine {
  line: string;
  cursor: number;
  /** How many rows it believes to be above the cursor; from there it draws. */
  prevRows: number;
}

export function setTypedText(lines: readline.Interface, text: string): void {
  const edited = lines as unknown as EditedLine;
  edited.line = text;
  edited.cursor = text.length;
}

/** Says where the cursor is: readline forgets it when text is pasted that wraps. */
export function setRowsAboveCursor(lines: readline.Interface, rows: number): void {
  (lines as unknown as EditedLine).prevRows = rows;
}
