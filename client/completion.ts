import { commands, findCommand } from './commands';

/**
 * What Tab offers at the end of a line, in the form that node:readline wants: the candidates, and the part of the line
 * that they replace. Commands first, then names for the commands that take one.
 */
export function completeLine(
  line: string,
  namesSeen: readonly string[],
): [candidates: string[], replaced: string] {
  const words = line.trimStart().split(' ');
  const last = words.at(-1)!;
  return [candidatesFor(words, namesSeen).filter((candidate) => candidate.startsWith(last)), last];
}

function candidatesFor(words: readonly string[], namesSeen: readonly string[]): string[] {
  if (words.length === 1)
    return commands.map(({ name, parameters }) => (parameters === '' ? name : `${name} `));
  if (words.length > 2 || findCommand(words[0]!)?.takesName !== true) return [];
  return namesSeen.map((name) => `${name} `);
}
