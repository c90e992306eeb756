/** Writes docs/TERMINAL.md: `npm run docs:terminal`. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { compiledFolder } from '../support/compiled-folder';
import { recordTerminal } from '../support/terminal-recording';

recordTerminal().then(
  (page) => {
    writeFileSync(path.join(compiledFolder, '..', 'docs', 'TERMINAL.md'), page);
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
