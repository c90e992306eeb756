/** Goal: docs/TERMINAL.md shows what the program prints: a live conversation, and a server that is restarted in it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compiledFolder } from '../support/compiled-folder';
import { recordTerminal } from '../support/terminal-recording';

jest.setTimeout(60_000);

test('the recording of the terminal is what the terminal shows', async () => {
  const page = readFileSync(path.join(compiledFolder, '..', 'docs', 'TERMINAL.md'), 'utf8');
  expect(await recordTerminal()).toBe(page);
});
