/** Goal: replies are JSON in 7-bit ASCII, byte for byte as the original servers' json.dumps writes it. */
import fc from 'fast-check';
import { encodeJson, escapeText, isEscapedText, type JsonValue } from '../../shared/protocol/json-ascii';

/** Python's `json.dumps`, put together from JavaScript's own JSON: escape what is not printable ASCII, space out. */
function reference(value: JsonValue): string {
  if (typeof value === 'string') {
    return JSON.stringify(value).replace(
      /[\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  }
  if (Array.isArray(value)) return `[${(value as JsonValue[]).map(reference).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, member]) => `${reference(key)}: ${reference(member)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

const jsonValue = fc.jsonValue({ stringUnit: 'binary' }).map((value) => value as JsonValue);

test('every value is written as the reference writes it', () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      expect(encodeJson(value)).toBe(reference(value));
    }),
    { numRuns: 500 },
  );
});

test('every value can be read back, and the text is one line of printable ASCII', () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      const text = encodeJson(value);
      expect(text).toMatch(/^[ -~]*$/);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('every single UTF-16 unit is escaped as JSON asks, lone surrogates too', () => {
  const wrong: number[] = [];
  for (let unit = 0; unit <= 0xffff; unit += 1) {
    const escaped = escapeText(String.fromCharCode(unit));
    const isPlain = unit >= 0x20 && unit <= 0x7e && unit !== 0x22 && unit !== 0x5c;
    const isRight = isPlain
      ? escaped === String.fromCharCode(unit)
      : escaped.startsWith('\\') && JSON.parse(`"${escaped}"`) === String.fromCharCode(unit);
    if (!isRight) wrong.push(unit);
  }
  expect(wrong).toEqual([]);
});

test.each([
  ['quote " backslash \\ slash /', 'quote \\" backslash \\\\ slash /'],
  ['\b\f\n\r\t', '\\b\\f\\n\\r\\t'],
  ['\u0000\u001b\u007f', '\\u0000\\u001b\\u007f'],
  ['é', '\\u00e9'],
  ['😀', '\\ud83d\\ude00'],
  ['\u2028', '\\u2028'],
])('%j is escaped as Python does', (text, escaped) => {
  expect(escapeText(text)).toBe(escaped);
});

test('the seed’s inbox reply comes out as in its transcript', () => {
  const message = { msg_from: 'Gary Lineker', msg_to: 'Lionel Messi', msg: 'anjay lu jago amat' };
  expect(encodeJson({ status: 'OK', messages: { lineker: [message] } })).toBe(
    '{"status": "OK", "messages": {"lineker": [{"msg_from": "Gary Lineker", "msg_to": "Lionel Messi", "msg": "anjay lu jago amat"}]}}',
  );
});

/** Whether JSON reads it as the inside of a string, and it is printable ASCII. */
function isInside(text: string): boolean {
  try {
    JSON.parse(`"${text}"`);
    return /^[ -~]*$/.test(text);
  } catch {
    return false;
  }
}

test('what is escaped may stand in a string as it is; what JSON does not read so, or is not ASCII, may not', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(isEscapedText(escapeText(text))).toBe(true);
    }),
  );
  const character = fc.constantFrom(...Array.from('\\\\"nu0a f\n\x7f\x8f'));
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 8 }), (text) => {
      expect(isEscapedText(text)).toBe(isInside(text));
    }),
    { numRuns: 2_000 },
  );
});
