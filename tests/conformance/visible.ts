const shownMax = 400;

/** Bytes of the wire as text: what is not printable ASCII becomes `\xNN`, long texts are cut in the middle. */
export function visible(value: string | Uint8Array | RegExp): string {
  if (value instanceof RegExp) return value.toString();
  const text = typeof value === 'string' ? value : Buffer.from(value).toString('latin1');
  const short =
    text.length <= shownMax
      ? text
      : `${text.slice(0, shownMax / 2)}…(${text.length} bytes)…${text.slice(-shownMax / 2)}`;
  return short.replace(
    /[\u0000-\u001f\u007f-\u00ff]/g,
    (byte) => shortForms[byte] ?? `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

const shortForms: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t' };
