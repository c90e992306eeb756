import type { Completion } from './command-row';
import { commands, findCommand } from './commands';

/** What Tab offers as parameters. */
export interface NamesSeen {
  readonly names: readonly string[];
  /** With their `#`. */
  readonly rooms: readonly string[];
}

/**
 * What Tab offers at the end of a line, in the form that node:readline wants: the candidates, and the part of the line
 * that they replace. Commands first, where it is live with a slash before them as well, then what each parameter takes.
 */
export function completeLine(
  line: string,
  seen: NamesSeen,
  isLive: boolean,
): [candidates: string[], replaced: string] {
  const words = line.trimStart().split(/ +/);
  const last = words.at(-1)!;
  return [candidatesFor(words, seen, isLive).filter((candidate) => candidate.startsWith(last)), last];
}

function candidatesFor(words: readonly string[], seen: NamesSeen, isLive: boolean): string[] {
  const slash = isLive && words[0]!.startsWith('/') ? '/' : '';
  if (words.length === 1)
    return commands
      .filter(({ isLiveOnly }) => isLive || !isLiveOnly)
      .map(({ name, parameters }) => `${slash}${name}${parameters === '' ? '' : ' '}`);
  const command = findCommand(words[0]!.slice(slash.length), isLive);
  const completion = command?.completes[words.length - 2];
  return completion === undefined ? [] : namesFor(completion, seen).map((name) => `${name} `);
}

function namesFor(completion: Completion, { names, rooms }: NamesSeen): readonly string[] {
  if (completion === 'name') return names;
  return completion === 'room' ? rooms : [...names, ...rooms];
}
