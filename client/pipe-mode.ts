import type { Readable } from 'node:stream';
import { errorTexts } from '../shared/protocol/error-codes';
import type { Conversation } from './conversation';
import type { Printer } from './printer';
import { errorLine } from './step';
import { typedLines } from './typed-lines';

/**
 * Runs the commands of a pipe or a file one by one, each after the reply to the one before. Resolves at the end of
 * input, at `exit`, and when the connection ends while waiting for input; rejects when it ends during a command.
 */
export async function runPipe(conversation: Conversation, printer: Printer, input: Readable): Promise<void> {
  const { connection } = conversation;
  connection.once('close', () => input.destroy());
  for await (const line of typedLines(input, () => !connection.isOpen)) {
    if ('problem' in line) printer.print([errorLine(errorTexts[line.problem])]);
    else if ((await conversation.enter(line.text, nobodyToAsk)) === 'leave') return;
  }
}

/** In a pipe there is nobody to type a password unseen. */
export function nobodyToAsk(): Promise<undefined> {
  return Promise.resolve(undefined);
}
