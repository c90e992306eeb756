/**
 * The operator's commands of `chat-server`.
 */
import type { Command } from 'commander';
import { addDataCommands } from './data-commands';
import { addLimitCommands } from './limit-commands';
import type { OperatorContext } from './operator-context';
import { addUserCommands } from './user-commands';

export function addOperatorCommands(program: Command, context: OperatorContext): void {
  addUserCommands(program, context);
  addDataCommands(program, context);
  addLimitCommands(program, context);
}
