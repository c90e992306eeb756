import { PassThrough, pipeline, type Readable } from 'node:stream';
import { errorTexts } from '../shared/protocol/error-codes';
import { JsonView, type JsonSink } from './json-view';
import { LiveConversation } from './live-conversation';
import { nobodyToAsk } from './pipe-mode';
import type { ReconnectingLink } from './reconnecting-link';
import { Session } from './session';
import { errorLine } from './step';
import { typedLines } from './typed-lines';

export interface JsonStreams {
  readonly input: Readable;
  readonly out: JsonSink;
  /** How long a command may wait for its answer once the input has ended. */
  readonly answerMsMax: number;
}

/** How much input is read ahead of the commands: an end behind more than that is not seen before they are done. */
const aheadBytesMax = 1_048_576;

/**
 * Holds a live conversation with a program: commands a line each from `input`, replies and events as JSON lines to `out`.
 * Resolves at the end of input and at `exit`, when what was read is answered, with the number of commands that were left without
 * an answer. A command is answered by an error when the input has ended and nothing comes for `answerMsMax`.
 */
export async function runJson(
  link: ReconnectingLink,
  { input, out, answerMsMax }: JsonStreams,
): Promise<number> {
  const session = new Session({ isLive: true });
  const view = new JsonView(out);
  const conversation = new LiveConversation(session, link, view, true);
  const patience = new Patience(answerMsMax, () => {
    conversation.abandon();
  });
  // Read ahead, so that the end of the input is seen while a command waits.
  const ahead = new PassThrough({ highWaterMark: aheadBytesMax });
  pipeline(input, ahead, () => undefined);
  input.once('end', () => {
    patience.begin();
  });
  for await (const line of typedLines(ahead, () => false)) {
    if ('problem' in line) view.print([errorLine(errorTexts[line.problem], line.problem)]);
    else if ((await conversation.enter(line.text, nobodyToAsk)) === 'leave') break;
    patience.renew();
  }
  patience.end();
  return conversation.close();
}

/** Runs out when it has begun and is not renewed for so long. */
class Patience {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly lastsMs: number,
    private readonly runOut: () => void,
  ) {}

  begin(): void {
    this.timer = setTimeout(this.runOut, this.lastsMs);
  }

  renew(): void {
    this.timer?.refresh();
  }

  end(): void {
    clearTimeout(this.timer);
  }
}
