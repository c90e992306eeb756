/**
 * The configuration file: a JSON object whose keys are named like the flags. What is wrong with it is a `StartError`.
 */
import { readFileSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { exitCode, messageOf, StartError } from './start-error';

/** Sets the options that a configuration file has, where neither a flag nor the environment does. */
export function applyConfigFile(program: Command, file: string): void {
  for (const [key, value] of Object.entries(readConfigFile(file))) {
    // Those that are a variable too: `--version` is none.
    const option = program.options.find(
      (candidate) => candidate.name() === key && candidate.envVar !== undefined && key !== 'config',
    );
    if (option === undefined) {
      const hint = 'Keys are named like the flags: chat-server --help lists them.';
      throw badConfig(file, `unknown option ${JSON.stringify(key)}. ${hint}`);
    }
    const source = program.getOptionValueSource(option.attributeName());
    if (source === 'cli' || source === 'env') continue;
    program.setOptionValueWithSource(option.attributeName(), parseConfigValue(file, option, value), 'config');
  }
}

function readConfigFile(file: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw badConfig(file, messageOf(error));
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw badConfig(file, 'not a JSON object');
  return parsed;
}

/** A value of the file goes through the same checks as a flag's. */
function parseConfigValue(file: string, option: Option, value: unknown): unknown {
  if (option.isBoolean()) {
    if (typeof value !== 'boolean') throw badConfig(file, `"${option.name()}" is true or false`);
    return value;
  }
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw badConfig(file, `"${option.name()}" is a text or a number`);
  }
  try {
    if (option.parseArg === undefined) return String(value);
    const parse = option.parseArg as (text: string, previous: undefined) => unknown;
    return parse(String(value), undefined);
  } catch (error) {
    throw badConfig(file, `"${option.name()}": ${messageOf(error)}`);
  }
}

function badConfig(file: string, problem: string): StartError {
  return new StartError(`configuration file ${file}: ${problem}`, exitCode.badUsage);
}
