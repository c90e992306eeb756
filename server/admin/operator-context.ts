/**
 * What the operator's commands have in common. Each takes the server's own options too, before or after its name: the
 * configuration says where the data is and how much memory it takes.
 */
import { Option } from 'commander';
import type { ServerOptions } from '../options';

/** What a command does with the options, once all of them are read. */
export type Run = (options: ServerOptions) => Promise<void>;

export interface OperatorContext {
  /** Notes what is to be done. */
  readonly choose: (run: Run) => void;
  /** The data that was opened can be kept no more: says why and ends the process. */
  readonly onFatal: (error: Error) => void;
}

/** For a command's help: the program takes it, wherever it stands. */
export function dataOption(): Option {
  return new Option('--data <dir>', 'data directory (default: "./chat-data", env: CHAT_DATA)');
}

/** The end of a command's help. */
export function examples(lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ chat-server ${line}`)].join('\n');
}
