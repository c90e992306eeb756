/** Goal: however a stream is cut into reads, the same lines come out of it, and no more than one line is ever held. */
import fc from 'fast-check';
import { LineFramer } from '../../shared/protocol/line-framer';
import { lineOutcome, RequestParser } from '../../shared/protocol/request-parser';

const lineBytesMax = 20;
const newline = 0x0a;

/** Pushes the chunks; returns all that came out, and checks after each what is held and how it came. */
function frame(chunks: readonly Buffer[], bound = lineBytesMax): string {
  const framer = new LineFramer(bound);
  let whole = '';
  for (const chunk of chunks) {
    const lines = framer.push(Buffer.from(chunk));
    if (lines !== undefined) {
      if (lines.at(-1) !== newline) throw new Error('half a line came out');
      whole += lines.toString('latin1');
    }
    if (framer.partialBytes > bound + 2) throw new Error(`${framer.partialBytes} bytes are held`);
  }
  return whole;
}

function cut(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((start, index) => stream.subarray(start, places[index] ?? stream.length));
}

/** What should come out: each whole line, an overlong one cut to just over the bound. */
function expectedLines(stream: Buffer, bound = lineBytesMax): string {
  const parts = stream.toString('latin1').split('\n');
  const unfinished = parts.pop()!;
  const lines = parts.map((line) => `${line.slice(0, bound + 2)}\n`).join('');
  // One that is too long already is answered before it ends.
  return unfinished.length > bound + 1 ? `${lines}${unfinished.slice(0, bound + 2)}\n` : lines;
}

const stream = fc
  .array(
    fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\r'), maxLength: 8 }),
      fc.constantFrom('\n', '\r\n', '\n\n'),
      fc.integer({ min: lineBytesMax - 3, max: lineBytesMax + 4 }).map((length) => 'x'.repeat(length)),
      fc.integer({ min: 1, max: 70 }).map((length) => 'y'.repeat(length)),
    ),
    { maxLength: 20 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

test('the same lines come out, wherever the stream is cut', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat()), (bytes, cuts) => {
      const whole = frame(cut(bytes, cuts));
      expect(whole).toBe(expectedLines(bytes));
      expect(whole).toBe(frame([bytes]));
      expect(whole).toBe(frame([...bytes].map((byte) => Buffer.of(byte))));
    }),
    { numRuns: 300 },
  );
});

test('every line that comes out overlong is answered LINE_TOO_LONG, and no other is', () => {
  const parser = new RequestParser([{ name: 'ping', parameters: [] }], lineBytesMax);
  fc.assert(
    fc.property(stream, fc.array(fc.nat()), (bytes, cuts) => {
      const whole = Buffer.from(frame(cut(bytes, cuts)), 'latin1');
      const isTooLong: boolean[] = [];
      for (let at = 0; at < whole.length; at = parser.nextLine)
        isTooLong.push(parser.parseLine(whole, at, whole.length) === lineOutcome.tooLong);
      const lines = expectedLines(bytes).split('\n').slice(0, -1);
      expect(isTooLong).toEqual(lines.map((line) => line.replace(/\r$/, '').length > lineBytesMax));
    }),
    { numRuns: 300 },
  );
});

test('no line that comes out is longer than the bound and two, also when it came whole in one read', () => {
  // Regression: a whole overlong line went through uncut, and the server looked for its end in vain for ever.
  const bound = 8_192;
  const long = Buffer.concat([Buffer.from('ping '), Buffer.alloc(60_000, 'a'), Buffer.from('\nping\n')]);
  const lines = new LineFramer(bound).push(long)!.toString('latin1').split('\n');
  expect(lines.map(({ length }) => length)).toEqual([bound + 2, 4, 0]);
});

test('a line that just fits may end in a carriage return that comes in a read of its own', () => {
  const fitting = 'x'.repeat(lineBytesMax);
  expect(frame([Buffer.from(fitting), Buffer.from('\r'), Buffer.from('\n')])).toBe(`${fitting}\r\n`);
  expect(frame([Buffer.from(`${fitting}y`), Buffer.from('\n')])).toBe(`${fitting}y\n`);
});

test('an endless line is answered once, and the next line is a line again', () => {
  const framer = new LineFramer(lineBytesMax);
  const answers: Buffer[] = [];
  for (let count = 0; count < 100; count += 1) {
    const lines = framer.push(Buffer.alloc(50, 'z'));
    if (lines !== undefined) answers.push(lines);
    expect(framer.partialBytes).toBe(0);
  }
  expect(answers.map(String)).toEqual([`${'z'.repeat(lineBytesMax + 2)}\n`]);
  expect(framer.push(Buffer.from('end of it\nping\npi'))?.toString()).toBe('ping\n');
  expect(framer.push(Buffer.from('ng\n'))?.toString()).toBe('ping\n');
});

test('what is held does not change when the read’s memory is used again', () => {
  const framer = new LineFramer(lineBytesMax);
  const memory = Buffer.from('pi');
  framer.push(memory);
  memory.fill('!');
  expect(framer.push(Buffer.from('ng\n'))?.toString()).toBe('ping\n');
});
