/** The request grammar of PROTOCOL.md once more, as plainly as strings allow, to hold the parser to. */
import type { CommandGrammar } from '../../shared/protocol/request-parser';

export type ReferenceRequest =
  | 'LINE_TOO_LONG'
  | 'BAD_REQUEST'
  | 'BAD_COMMAND'
  | { readonly command: string; readonly parameters: Readonly<Record<string, string>> };

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `line` is without its `\n`. */
export function referenceParse(
  line: Buffer,
  table: readonly CommandGrammar[],
  lineBytesMax: number,
): ReferenceRequest {
  const bytes = line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
  if (bytes.length > lineBytesMax) return 'LINE_TOO_LONG';
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    return 'BAD_REQUEST';
  }
  if (/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/.test(text)) return 'BAD_REQUEST';
  return parseWords(text, table);
}

function parseWords(text: string, table: readonly CommandGrammar[]): ReferenceRequest {
  let rest = text;
  const nextWord = (): string => {
    const [, word = '', after = ''] = /^ *([^ ]*)(.*)$/su.exec(rest)!;
    rest = after;
    return word;
  };
  const command = nextWord();
  const row = table.find(({ name }) => name === command);
  const textIsLast = row?.parameters.at(-1)?.kind === 'text';
  const wordsBeforeText = textIsLast ? row.parameters.slice(0, -1) : (row?.parameters ?? []);
  const parameters: Record<string, string> = {};
  let isMissing = false;
  for (const { kind, optional } of wordsBeforeText) {
    const isRest = kind === 'displayName';
    const word = isRest ? rest.replace(/^[ \t]+|[ \t]+$/g, '') : nextWord();
    if (word !== '') parameters[kind] = word;
    else if (optional !== true) isMissing = true;
  }
  // A tab is fine in a text, and nowhere else.
  if ((textIsLast ? text.slice(0, text.length - rest.length) : text).includes('\t')) return 'BAD_REQUEST';
  if (row === undefined || isMissing) return 'BAD_COMMAND';
  if (!textIsLast) return { command, parameters };
  const message = rest.replace(/^[ \t]+|[ \t]+$/g, '');
  return message === '' ? 'BAD_COMMAND' : { command, parameters: { ...parameters, text: message } };
}
