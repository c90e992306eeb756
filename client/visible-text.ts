/**
 * Everything a terminal obeys instead of showing: C0 and C1 controls, DEL, and the marks that reorder a line
 * (bidirectional overrides and isolates), which can make one name look like another.
 */

const obeyed = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The text with everything that a terminal would obey written out as `\uXXXX`. */
export function visibleText(text: string): string {
  return text.replace(obeyed, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Bytes as Python's `repr` shows them, which is how the original client shows what it received. */
export function pythonBytes(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  let shown = '';
  for (const byte of bytes) shown += pythonByte(byte, quote);
  return `b${quote}${shown}${quote}`;
}

const pythonEscapes: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\\': '\\\\',
};

function pythonByte(byte: number, quote: string): string {
  const character = String.fromCharCode(byte);
  if (character === quote) return `\\${character}`;
  const escape = pythonEscapes[character];
  if (escape !== undefined) return escape;
  return byte >= 0x20 && byte <= 0x7e ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
}
