/**
 * Lines of a stream, as text, never more of one than a bound in memory.
 */
import type { Readable } from 'node:stream';

const newline = 0x0a;

/**
 * The stream's lines without their ends; the last may lack one. Leaving the loop destroys the stream.
 * @throws when a line is longer than the bound.
 */
export async function* boundedLines(stream: Readable, lineBytesMax: number): AsyncGenerator<string> {
  let partial: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const bytes = partial.length === 0 ? chunk : Buffer.concat([partial, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      if (end - start > lineBytesMax) throw tooLong(lineBytesMax);
      yield bytes.toString('utf8', start, end);
      start = end + 1;
    }
    partial = bytes.subarray(start);
    if (partial.length > lineBytesMax) throw tooLong(lineBytesMax);
  }
  if (partial.length > 0) yield partial.toString('utf8');
}

function tooLong(lineBytesMax: number): Error {
  return new Error(`a line is longer than ${lineBytesMax} bytes`);
}
