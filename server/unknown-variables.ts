/**
 * Variables of the environment that look like options and are none. Others may use the prefix too (a container platform, a
 * client's password), so that they are no error; but a misspelt option must not go without a word.
 */
import type { Logger } from './logger';
import { variableNames, variablePrefix } from './options';

/** Logs every variable that has the prefix of the options and is none of them, with the option it is nearest to. */
export function warnAboutVariables(environment: NodeJS.ProcessEnv, log: Logger): void {
  const known = variableNames();
  for (const variable of Object.keys(environment)) {
    if (!variable.startsWith(variablePrefix) || known.includes(variable)) continue;
    const nearest = nearestName(variable, known);
    log.warn(
      { variable, nearest },
      `${variable} in the environment is no option and is ignored; is it ${nearest}?`,
    );
  }
}

function nearestName(name: string, candidates: readonly string[]): string {
  const distances = candidates.map((candidate) => editDistance(name, candidate));
  return candidates[distances.indexOf(Math.min(...distances))]!;
}

/** How many characters have to be put in, left out or replaced to make one text of the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let distances = Array.from({ length: to.length + 1 }, (_, length) => length);
  for (const [index, character] of Array.from(from).entries()) {
    const next = [index + 1];
    for (let length = 1; length <= to.length; length += 1) {
      const replaced = distances[length - 1]! + (character === to[length - 1] ? 0 : 1);
      next.push(Math.min(replaced, distances[length]! + 1, next[length - 1]! + 1));
    }
    distances = next;
  }
  return distances[to.length]!;
}
