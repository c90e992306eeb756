#!/usr/bin/env node
/** `chat-client`: see `chat-client --help`. Exit codes: 0 fine, 1 unexpected failure, 2 bad usage. */
import { exitCodes, parseCommandLine } from './options';
import { runClient } from './run-client';
import { packageVersion } from './version';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read our output is gone (`chat-client … | head -1`): there is nobody left to tell, so leave quietly.
  if (error.code === 'EPIPE') process.exit(exitCodes.fine);
  process.stderr.write(`chat-client: cannot write to standard output: ${error.message}\n`);
  process.exit(exitCodes.failure);
});
// Whoever read our hints is gone, and that is all.
process.stderr.on('error', () => undefined);

const options = parseCommandLine(process.argv, packageVersion());
if (typeof options === 'number') {
  process.exitCode = options;
} else {
  runClient(options).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stderr.write(`chat-client: unexpected failure; please report it: ${shown}\n`);
      process.exit(exitCodes.failure);
    },
  );
}
