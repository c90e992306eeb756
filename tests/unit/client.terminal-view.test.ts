// Goal: why a message was not sent stays on the screen, however long the message is.
import { ChatError } from '../../client/chat-error';
import type { Printer } from '../../client/printer';
import type { SessionState } from '../../client/session-state';
import type { OutputLine } from '../../client/step';
import { type PromptScreen, TerminalView } from '../../client/terminal-view';

test.each([
  ['LINE_TOO_LONG', `${'😀'.repeat(100)}…`],
  ['INBOX_FULL', '😀'.repeat(5_000)],
])('a message refused with %s is repeated so that the error can be read', (code, repeated) => {
  const printed: OutputLine[] = [];
  const screen = { columns: 80, setPrompt: () => undefined } as unknown as PromptScreen;
  const printer = {
    prompt: (text: string) => text,
    print: (lines: OutputLine[]) => printed.push(...lines),
  } as unknown as Printer;
  const view = new TerminalView(screen, printer, { username: 'messi' } as unknown as SessionState);
  view.postFailed('lineker', '😀'.repeat(5_000), new ChatError(code, 'it is refused'));
  expect(printed[1]!.text).toBe(`chat-client: this was not sent to lineker: ${repeated}`);
});
