/**
 * JSON in 7-bit ASCII with the separators of the seed's transcripts (`", "` and `": "`), byte for byte what the
 * original servers' `json.dumps` writes. ASCII because original clients decode every 64-byte read on its own: a
 * multi-byte character cut in two kills them.
 */

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Everything that may not stand as itself inside a string: quotes, backslash, controls, and all above U+007E. */
const needsEscape = /["\\\u0000-\u001f\u007f-\uffff]/g;

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** The text as the inside of a JSON string, without its quotes. Astral characters become surrogate pairs. */
export function escapeText(text: string): string {
  return text.replace(
    needsEscape,
    (unit) => shortEscapes[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const escapedText = /^(?:[ !#-[\]-~]|\\(?:["\\bfnrt]|u[0-9a-f]{4}))*$/;

/** Whether a text may stand inside a JSON string as it is: what `escapeText` could have made. */
export function isEscapedText(text: string): boolean {
  return escapedText.test(text);
}

/** One JSON value on one line. Keys keep their order; nothing is sorted or dropped. */
export function encodeJson(value: JsonValue): string {
  if (typeof value === 'string') return `"${escapeText(value)}"`;
  if (value === null || typeof value !== 'object') return String(value);
  if (isArray(value)) return `[${value.map(encodeJson).join(', ')}]`;
  const members = Object.entries(value).map(([key, member]) => `"${escapeText(key)}": ${encodeJson(member)}`);
  return `{${members.join(', ')}}`;
}

/** `Array.isArray` does not narrow readonly arrays. */
function isArray(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
