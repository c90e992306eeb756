/**
 * A command of the operator as messages name it. It tells the data directory, so that it does the same when it is copied.
 */

/** @param command what stands behind `chat-server`: `user list`. */
export function operatorCommandLine(data: string, command: string): string {
  return `chat-server --data ${shellWord(data)} ${command}`;
}

/** As a person has to type it in a shell. */
function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
