import type { Readable } from 'node:stream';
import type { ErrorCode } from '../shared/protocol/error-codes';
import { lineBytesMaxDefault } from '../shared/protocol/limits';
import { LineReader } from '../shared/protocol/line-reader';

/** A line of a pipe or a file, or why it cannot be one request. */
export type TypedLine = { readonly text: string } | { readonly problem: ErrorCode };

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The lines of a pipe or a file, one by one, until its end or until somebody destroys it: both are an end, not an error.
 *
 * @param isOver whether a last line without an end is not wanted any more
 */
export async function* typedLines(input: Readable, isOver: () => boolean): AsyncGenerator<TypedLine> {
  const lines = new LineReader(lineBytesMaxDefault);
  for await (const chunk of chunksOf(input)) {
    for (const line of lines.push(chunk)) yield readLine(lines, line);
  }
  if (isOver()) return;
  for (const line of lines.end()) yield readLine(lines, line);
}

async function* chunksOf(input: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of input) yield chunk as Buffer;
  } catch (error) {
    if (!input.destroyed || (error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE')
      throw error;
  }
}

function readLine(lines: LineReader, line: Buffer): TypedLine {
  if (lines.isCut(line)) return { problem: 'LINE_TOO_LONG' };
  try {
    return { text: decoder.decode(line) };
  } catch {
    // The decoder's way of saying "not UTF-8". Sending replacement characters would change what was written.
    return { problem: 'BAD_REQUEST' };
  }
}
