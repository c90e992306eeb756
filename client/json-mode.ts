import type { Readable } from 'node:stream';
import { errorTexts } from '../shared/protocol/error-codes';
import { JsonView, type JsonSink } from './json-view';
import { LiveConversation } from './live-conversation';
import { nobodyToAsk } from './pipe-mode';
import type { ReconnectingLink } from './reconnecting-link';
import { Session } from './session';
import { errorLine } from './step';
import { typedLines } from './typed-lines';

/**
 * Holds a live conversation with a program: commands a line each from `input`, replies and events as JSON lines to `out`.
 * Resolves at the end of input and at `exit`, when what was read is answered.
 */
export async function runJson(link: ReconnectingLink, input: Readable, out: JsonSink): Promise<void> {
  const session = new Session({ isLive: true });
  const view = new JsonView(out);
  const conversation = new LiveConversation(session, link, view, true);
  for await (const line of typedLines(input, () => false)) {
    if ('problem' in line) view.print([errorLine(errorTexts[line.problem], line.problem)]);
    else if ((await conversation.enter(line.text, nobodyToAsk)) === 'leave') break;
  }
  await conversation.close();
}
