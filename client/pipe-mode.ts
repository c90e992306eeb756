import type { Readable } from 'node:stream';
import { errorTexts } from '../shared/protocol/error-codes';
import { lineBytesMaxDefault } from '../shared/protocol/limits';
import { LineReader } from '../shared/protocol/line-reader';
import type { Conversation } from './conversation';
import type { Printer } from './printer';
import { errorLine } from './step';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Runs the commands of a pipe or a file one by one, each after the reply to the one before. Resolves at the end of
 * input, at `exit`, and when the connection ends while waiting for input; rejects when it ends during a command.
 */
export async function runPipe(conversation: Conversation, printer: Printer, input: Readable): Promise<void> {
  const lines = new LineReader(lineBytesMaxDefault);
  const { connection } = conversation;
  connection.once('close', () => input.destroy());
  for await (const chunk of chunksOf(input)) {
    for (const line of lines.push(chunk)) {
      if ((await enterLine(conversation, printer, lines, line)) === 'leave') return;
    }
  }
  if (!connection.isOpen) return;
  for (const line of lines.end()) await enterLine(conversation, printer, lines, line);
}

/** The chunks up to the end of input, or until somebody destroys it: both are an end, not an error. */
async function* chunksOf(input: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of input) yield chunk as Buffer;
  } catch (error) {
    if (!input.destroyed || (error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE')
      throw error;
  }
}

async function enterLine(
  conversation: Conversation,
  printer: Printer,
  lines: LineReader,
  line: Buffer,
): Promise<'stay' | 'leave'> {
  if (lines.isCut(line)) {
    printer.print([errorLine(errorTexts.LINE_TOO_LONG)]);
    return 'stay';
  }
  const typed = decode(line);
  if (typed === undefined) {
    printer.print([errorLine(errorTexts.BAD_REQUEST)]);
    return 'stay';
  }
  return conversation.enter(typed, nobodyToAsk);
}

function decode(line: Buffer): string | undefined {
  try {
    return decoder.decode(line);
  } catch {
    // The decoder's way of saying "not UTF-8". Sending replacement characters would change what was written.
    return undefined;
  }
}

function nobodyToAsk(): Promise<undefined> {
  return Promise.resolve(undefined);
}
