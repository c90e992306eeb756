#!/usr/bin/env node
/**
 * `chat-server`: reads the command line and does what it says: starts the server, or an operator's command.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, CommanderError } from 'commander';
import { addOperatorCommands } from './admin/operator-commands';
import type { Run } from './admin/operator-context';
import { createProgram, readOptions, type ServerOptions } from './options';
import { exitCode, type ExitCode, isStartError, StartError } from './start-error';

const version = readVersion();

// Whoever read what is printed may have gone (`chat-server user list | head -1`): a server goes on, and a command does what
// it was told.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE')
    fail(new StartError(`cannot write to standard output: ${error.message}`, exitCode.unexpected));
});
// …or what is wrong: the exit code still says it.
process.stderr.on('error', () => undefined);

main().catch((error: unknown) => {
  fail(error);
});

async function main(): Promise<void> {
  const program = createProgram(version).exitOverride();
  // Loaded when there is a server to start: what an operator asks of one that runs is answered sooner.
  const start: Run = async () => {
    const { runServer } = await import('./run-server.js');
    await runServer({ version, readOptions: readAll, onFatal: fail });
  };
  let run = start;
  const choose = (chosen: Run): void => {
    run = chosen;
  };
  addOperatorCommands(program, { choose, onFatal: fail });
  // From here on, for the commands inherit it.
  program.allowExcessArguments(true).action(() => {
    refuseUnknownCommand(program);
    choose(start);
  });
  const readAll = (): ServerOptions => readOptions(program.parse());
  const options = readAll();
  await run(options);
}

/** Commander would refuse a mistyped command as one argument too many, which tells whoever typed it nothing. */
function refuseUnknownCommand(program: Command): void {
  const [name] = program.args;
  if (name === undefined) return;
  const names = program.commands.map((command) => command.name()).join(', ');
  program.error(`error: unknown command '${name}'. There are ${names}; without one the server starts.`);
}

/** Says why and ends the process. */
function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? exitCode.fine : exitCode.badUsage);
  let code: ExitCode = exitCode.unexpected;
  if (isStartError(error)) {
    code = error.exitCode;
    process.stderr.write(`chat-server: ${error.message}\n`);
  } else {
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`chat-server: unexpected failure: ${trace}\n`);
  }
  process.exit(code);
}

function readVersion(): string {
  const file = path.join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
