// Goal: whatever lines come, cut into reads wherever, each gets its one right reply, under any --max-line.
import fc from 'fast-check';
import * as replies from '../conformance/replies';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

/** A line as a failed run should print it: `text`, in latin1, so many times, then `end`. */
interface Line {
  readonly text: string;
  readonly times: number;
  readonly end: string;
  readonly answer: keyof typeof replyTo;
}

const replyTo = {
  badCommand: replies.badCommand,
  badSession: replies.badSession,
  badRequest: replies.badRequest,
  wrongPassword: replies.wrongPassword,
  lineTooLong: replies.lineTooLong,
} as const;

const lineEnd = fc.constantFrom('\n', '\r\n');

/** Lengths around the places where something changes: the bound, and the sizes of reads and batches. */
function longLine(lineBytesMax: number): fc.Arbitrary<Line> {
  const edges = [lineBytesMax, 2 * lineBytesMax, 32_768, 65_536, 131_072];
  const nearEdge = fc
    .tuple(fc.constantFrom(...edges), fc.integer({ min: -4, max: 4 }))
    .map(([edge, offset]) => edge + offset);
  const length = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 200_000 }), nearEdge);
  return fc.tuple(length, lineEnd).map(([times, end]) => {
    const answer = times > lineBytesMax ? 'lineTooLong' : 'badCommand';
    return { text: 'x', times, end, answer };
  });
}

function shortLine(text: string, answer: Line['answer']): fc.Arbitrary<Line> {
  return lineEnd.map((end) => ({ text, times: 1, end, answer }));
}

function anyLine(lineBytesMax: number): fc.Arbitrary<Line> {
  return fc.oneof(
    { weight: 4, arbitrary: longLine(lineBytesMax) },
    { weight: 4, arbitrary: shortLine('inbox x', 'badSession') },
    { weight: 2, arbitrary: shortLine('', 'badCommand') },
    { weight: 2, arbitrary: shortLine('send x messi halo \u00f0\u009f\u0098\u0080', 'badSession') },
    { weight: 1, arbitrary: shortLine('inbox \u00f0\u009f\u0098', 'badRequest') },
    { weight: 1, arbitrary: shortLine('inbox\0x', 'badRequest') },
    { weight: 1, arbitrary: shortLine('auth messi salah', 'wrongPassword') },
  );
}

function bytesOf(lines: readonly Line[]): Buffer {
  return Buffer.from(lines.map(({ text, times, end }) => text.repeat(times) + end).join(''), 'latin1');
}

/** Writes the bytes in pieces of these sizes, over and over, each handed to the system before the next. */
async function writeInPieces(client: LineSocket, bytes: Buffer, sizes: readonly number[]): Promise<void> {
  for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    await client.writeFlushed(bytes.subarray(start, start + size));
    start += size;
  }
}

test.each([4_352, 8_192, 40_000, 65_536])('with --max-line %d', async (lineBytesMax) => {
  const server = await ServerProcess.start(['--threads', '2', '--max-line', String(lineBytesMax)]);
  const someLines = fc.array(anyLine(lineBytesMax), { minLength: 1, maxLength: 12 });
  const pieceSize = fc.constantFrom(100, 1_000, 8_192, 32_768, 65_536, 1_000_000);
  const pieceSizes = fc.array(pieceSize, { minLength: 1, maxLength: 4 });
  const property = fc.asyncProperty(someLines, pieceSizes, async (lines, sizes) => {
    const client = await LineSocket.connect(server.address, { timeoutMs: 5_000 });
    await writeInPieces(client, bytesOf(lines), sizes);
    client.end();
    const received = await client.rest();
    client.destroy();
    expect(received).toBe(lines.map(({ answer }) => replyTo[answer]).join(''));
  });
  // A smaller example would take its timeout at every step: the first one found is reported.
  await fc.assert(property, { numRuns: 40, endOnFailure: true });
  await server.stop();
});
