/** Goal: replies are found whole, however they are cut up on the way and whichever terminator ends them. */
import fc from 'fast-check';
import { LineReader } from '../../shared/protocol/line-reader';

function read(reader: LineReader, chunks: readonly Buffer[]): string[] {
  return chunks.flatMap((chunk) => reader.push(chunk).map((line) => line.toString('utf8')));
}

describe('a line reader', () => {
  test.each(['\r\n\r\n', '\n\n', '\n\n\n', '\n', '\r\n'])('takes replies that end with %j', (terminator) => {
    const bytes = Buffer.from(`{"a": 1}${terminator}{"b": 2}${terminator}`);
    expect(read(new LineReader(100), [bytes])).toEqual(['{"a": 1}', '{"b": 2}']);
  });

  test('finds the same lines however the bytes are cut', () => {
    const bytes = Buffer.from('{"é": "😀"}\r\n\r\nb\n\n\nccc\r\n\r\n\n');
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
        expect(read(new LineReader(100), chunks)).toEqual(['{"é": "😀"}', 'b', 'ccc']);
      }),
    );
  });

  test('hands out what is left at the end of the stream, and nothing when nothing is', () => {
    const reader = new LineReader(100);
    expect(read(reader, [Buffer.from('a\nb')])).toEqual(['a']);
    expect(reader.end().map(String)).toEqual(['b']);
    expect(reader.end()).toEqual([]);
  });

  test('cuts a line that is too long, says so, and goes on with the next', () => {
    const reader = new LineReader(4);
    const lines = Array.from('12345678\n').flatMap((character) => reader.push(Buffer.from(character)));
    lines.push(...reader.push(Buffer.from('1234\n')));
    expect(lines.map((line) => reader.isCut(line))).toEqual([true, false]);
    expect(lines[1]?.toString()).toBe('1234');
  });
});
