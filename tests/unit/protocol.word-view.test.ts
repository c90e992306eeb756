/** Goal: bytes arrive as they were, whatever their number and wherever they lie, and nothing beside them is touched. */
import { copyAscii, copyBytes, viewOf } from '../../shared/protocol/word-view';

const lengthsMax = 40;
const offsets = [0, 1, 3, 4, 7];
const untouched = 0xee;

/** Every character of ASCII, in an order in which no two stretches are alike. */
const ascii = Uint8Array.from({ length: 128 }, (_, index) => (index * 37) % 128);
const anyBytes = Uint8Array.from({ length: 256 }, (_, index) => (index * 93) % 256);

describe.each([
  ['copyAscii', copyAscii, ascii],
  ['copyBytes', copyBytes, anyBytes],
] as const)('%s', (_, copy, source) => {
  test.each(offsets)('from and to every alignment, from %i', (start) => {
    for (const targetStart of offsets)
      for (let lengthBytes = 0; lengthBytes <= lengthsMax; lengthBytes += 1) {
        const target = new Uint8Array(64).fill(untouched);
        copy(viewOf(source), start, viewOf(target), targetStart, lengthBytes);
        const expected = new Uint8Array(64).fill(untouched);
        expected.set(source.subarray(start, start + lengthBytes), targetStart);
        expect(target).toEqual(expected);
      }
  });
});
