import { splitCommand } from './command-words';
import { findCommand } from './commands';

/** Lines kept for the arrow keys, in memory only. */
export const historyLinesMax = 200;

/** Whether a line may hold a password, so that it must not be kept. */
export function isSecretLine(line: string): boolean {
  return findCommand(splitCommand(line).command.replace(/^\//, ''), true)?.secret === true;
}
