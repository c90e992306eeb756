/** Goal: bytes are judged as UTF-8 exactly as TextDecoder judges them, and escaped exactly as strings are. */
import fc from 'fast-check';
import { escapeText } from '../../shared/protocol/json-ascii';
import { escapeUtf8, isCleanUtf8 } from '../../shared/protocol/utf8';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of well-formed UTF-8, or undefined. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function isCleanByDecoding(bytes: Uint8Array): boolean {
  const text = decode(bytes);
  return text !== undefined && !/[\u0080-\u009f]/.test(text);
}

/** Bytes near the borders of UTF-8, which random bytes rarely form. */
const pieces = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }).map((text) => [...Buffer.from(text)]),
      fc.constantFrom(
        [0xc0, 0xaf], // overlong "/"
        [0xc1, 0xbf],
        [0xc2, 0x80], // C1
        [0xc2, 0x9f],
        [0xc2, 0xa0],
        [0xe0, 0x9f, 0xbf], // overlong
        [0xe0, 0xa0, 0x80],
        [0xed, 0x9f, 0xbf],
        [0xed, 0xa0, 0x80], // surrogate
        [0xef, 0xbf, 0xbf],
        [0xf0, 0x8f, 0xbf, 0xbf], // overlong
        [0xf0, 0x90, 0x80, 0x80],
        [0xf4, 0x8f, 0xbf, 0xbf],
        [0xf4, 0x90, 0x80, 0x80], // above U+10FFFF
        [0xf5, 0x80, 0x80, 0x80],
        [0xff],
        [0x80],
      ),
      fc.array(fc.integer({ min: 0x70, max: 0xff }), { maxLength: 4 }),
    ),
    { maxLength: 6 },
  )
  .map((runs) => Uint8Array.from(runs.flat()));

describe('isCleanUtf8', () => {
  test('accepts what TextDecoder accepts, but for C1 controls', () => {
    fc.assert(
      fc.property(pieces, (bytes) => {
        expect(isCleanUtf8(bytes, 0, bytes.length)).toBe(isCleanByDecoding(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  test('judges every sequence of two bytes as TextDecoder does', () => {
    const wrong: string[] = [];
    for (let first = 0; first < 256; first += 1) {
      for (let second = 0; second < 256; second += 1) {
        const bytes = Uint8Array.of(first, second);
        if (isCleanUtf8(bytes, 0, 2) !== isCleanByDecoding(bytes)) wrong.push(`${first} ${second}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('judges every code point, alone, as clean or as a C1 control', () => {
    const wrong: number[] = [];
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += codePoint < 0x3000 ? 1 : 61) {
      if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue;
      const bytes = Buffer.from(String.fromCodePoint(codePoint));
      const isC1 = codePoint >= 0x80 && codePoint <= 0x9f;
      if (isCleanUtf8(bytes, 0, bytes.length) === isC1) wrong.push(codePoint);
    }
    expect(wrong).toEqual([]);
  });

  test('looks at its range only: a character cut by the end is not clean, whatever follows', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.nat(),
        fc.nat(),
        (text, seed, otherSeed) => {
          const bytes = Buffer.from(text);
          const [start, end] = [seed % (bytes.length + 1), otherSeed % (bytes.length + 1)].sort(
            (a, b) => a - b,
          );
          expect(isCleanUtf8(bytes, start!, end!)).toBe(isCleanByDecoding(bytes.subarray(start, end)));
        },
      ),
    );
  });
});

describe('escapeUtf8', () => {
  /** Any text that the parser lets through: no controls but tab. */
  const cleanText = fc
    .string({
      unit: fc.oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        fc.constantFrom('"', '\\', '\t', 'é', '😀'),
      ),
    })
    .map((text) => text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, ''));

  test('gives what escapeText gives for the same text', () => {
    fc.assert(
      fc.property(cleanText, fc.nat(5), fc.nat(5), (text, sourceOffset, targetOffset) => {
        const encoded = Buffer.from(text);
        const source = Buffer.concat([Buffer.alloc(sourceOffset, 0xff), encoded, Buffer.of(0xff)]);
        const target = new Uint8Array(targetOffset + encoded.length * 3 + 1).fill(0x7f);
        const written = escapeUtf8(source, sourceOffset, sourceOffset + encoded.length, target, targetOffset);
        expect(Buffer.from(target.subarray(targetOffset, targetOffset + written)).toString('latin1')).toBe(
          escapeText(text),
        );
        expect(target[targetOffset + written]).toBe(0x7f);
      }),
      { numRuns: 1_000 },
    );
  });

  test('never writes more than three bytes for one', () => {
    for (const text of ['é'.repeat(50), '😀'.repeat(50), '"'.repeat(50), '\t'.repeat(50), '語'.repeat(50)]) {
      const source = Buffer.from(text);
      const target = new Uint8Array(source.length * 6);
      expect(escapeUtf8(source, 0, source.length, target, 0)).toBeLessThanOrEqual(source.length * 3);
    }
  });

  test('gives JSON that any reader reads back as the text', () => {
    fc.assert(
      fc.property(cleanText, (text) => {
        const source = Buffer.from(text);
        const target = Buffer.alloc(source.length * 3);
        const json = target.toString('latin1', 0, escapeUtf8(source, 0, source.length, target, 0));
        expect(json).toMatch(/^[ -~]*$/);
        expect(JSON.parse(`"${json}"`)).toBe(text);
      }),
    );
  });
});
