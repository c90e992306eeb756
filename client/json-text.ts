/**
 * JSON handled as text. JavaScript objects put integer-like keys ("7") before all others, so the order of an inbox's
 * senders survives only in the text of the reply.
 *
 * Both functions take text that `JSON.parse` has accepted; anything else is a mistake of ours.
 */
import { escapeText } from '../shared/protocol/json-ascii';

/** The members of an object, in the order of the text: each name with the text of its value. */
export function objectMembers(text: string): [name: string, valueText: string][] {
  const members: [string, string][] = [];
  let depth = 0;
  let name: string | undefined;
  let valueStart = 0;
  for (const token of tokens(text)) {
    const { mark } = token;
    if (mark === '}' || mark === ']') depth -= 1;
    if (name !== undefined && ((depth === 1 && mark === ',') || depth === 0)) {
      members.push([name, text.slice(valueStart, token.start).trim()]);
      name = undefined;
    } else if (depth === 1 && mark === ':') {
      valueStart = token.end;
    } else if (depth === 1 && name === undefined && mark === '"') {
      name = JSON.parse(text.slice(token.start, token.end)) as string;
    }
    if (mark === '{' || mark === '[') depth += 1;
  }
  return members;
}

/** The same JSON as Python's `json.dumps` writes it: `", "` and `": "` between, 7-bit ASCII, order kept. */
export function pythonStyle(text: string): string {
  let styled = '';
  for (const { mark, start, end } of tokens(text)) {
    if (mark === '"') styled += `"${escapeText(JSON.parse(text.slice(start, end)) as string)}"`;
    else if (mark === ',' || mark === ':') styled += `${mark} `;
    else styled += text.slice(start, end);
  }
  return styled;
}

interface Token {
  /** The first character, which tells what the token is: punctuation, a quoted string, or another literal. */
  readonly mark: string;
  readonly start: number;
  readonly end: number;
}

const punctuation = '{}[],:';
const whiteSpace = ' \t\r\n';

function* tokens(text: string): Generator<Token> {
  let at = 0;
  while (at < text.length) {
    const mark = text.charAt(at);
    if (whiteSpace.includes(mark)) {
      at += 1;
      continue;
    }
    const end = tokenEnd(text, at, mark);
    yield { mark, start: at, end };
    at = end;
  }
}

function tokenEnd(text: string, start: number, mark: string): number {
  if (punctuation.includes(mark)) return start + 1;
  if (mark === '"') return stringEnd(text, start);
  let at = start + 1;
  while (at < text.length && !punctuation.includes(text.charAt(at)) && !whiteSpace.includes(text.charAt(at)))
    at += 1;
  return at;
}

/** Just after the closing quote. A pattern with a repeated group would exhaust its stack on a long string. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
