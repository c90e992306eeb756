/** A typed line as its command and what follows, outer spaces of each removed. */
export function splitCommand(typed: string): { command: string; rest: string } {
  const [, command, rest] = /^ *([^ ]*) *(.*)$/s.exec(typed)!;
  return { command: command!, rest: rest! };
}

/** The words of what follows a command; none when nothing does. */
export function splitWords(rest: string): string[] {
  return rest.split(' ').filter((word) => word !== '');
}
