/**
 * What the operator types: passwords, which nobody may see, and confirmations. Prompts go to standard error, so that
 * standard output holds results only.
 */
import { checkPassword } from '../account-rules';
import { exitCode, messageOf, StartError } from '../start-error';
import { boundedLines } from './bounded-lines';

/** More than the longest password takes. */
const lineBytesMax = 4_096;

const key = {
  interrupt: '\u0003',
  endOfInput: '\u0004',
  backspace: '\b',
  delete: '\u007f',
  eraseLine: '\u0015',
} as const;

/**
 * A new password: typed twice without echo on a terminal, else one line of standard input.
 * @throws `StartError` when it is none, or the two differ.
 */
export async function readNewPassword(username: string): Promise<string> {
  const { stdin } = process;
  if (!stdin.isTTY) return requirePassword(await readInputLine());
  // Before the first prompt and until the end: what is typed ahead is not shown either.
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  try {
    const password = requirePassword(await promptHidden(`Password for ${username}: `));
    if ((await promptHidden('The same again: ')) !== password)
      throw new StartError('the two passwords differ; nothing was changed', exitCode.badUsage);
    return password;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

/** Asks for a yes. True without asking when nobody sits at a terminal. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return true;
  process.stderr.write(`${question} [y/N] `);
  const answer = await firstLine();
  // Ctrl-D leaves the cursor behind the question.
  if (answer === undefined) process.stderr.write('\n');
  return ['y', 'yes', 'ya'].includes((answer ?? '').trim().toLowerCase());
}

function requirePassword(text: string): string {
  const password = checkPassword(text);
  if ('problem' in password) throw new StartError(`a password ${password.problem}`, exitCode.badUsage);
  return password.value;
}

async function readInputLine(): Promise<string> {
  const line = await firstLine();
  if (line === undefined)
    throw new StartError(
      'there is no password on standard input. Write it there as one line, or type it on a terminal.',
      exitCode.badUsage,
    );
  return line.replace(/\r$/, '');
}

async function firstLine(): Promise<string | undefined> {
  try {
    for await (const line of boundedLines(process.stdin, lineBytesMax)) return line;
  } catch (error) {
    throw new StartError(`cannot read standard input: ${messageOf(error)}`, exitCode.badUsage);
  }
  return undefined;
}

/** Reads a line from the terminal, which is in raw mode: it shows nothing of it. */
function promptHidden(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(prompt);
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const end = (settle: () => void): void => {
      stdin.removeListener('data', onData);
      stdin.pause();
      stderr.write('\n');
      settle();
    };
    const onData = (text: string): void => {
      const characters = Array.from(text);
      for (const [index, character] of characters.entries()) {
        if (character === '\r' || character === '\n') {
          const typedAhead = characters.slice(index + 1).join('');
          end(() => {
            if (typedAhead !== '') stdin.unshift(typedAhead);
            resolve(typed.join(''));
          });
          return;
        }
        if (character === key.interrupt || character === key.endOfInput) {
          end(() => {
            reject(new StartError('given up; nothing was changed', exitCode.unexpected));
          });
          return;
        }
        if (character === key.eraseLine) typed = [];
        else if (character === key.backspace || character === key.delete) typed.pop();
        else if (typed.length < lineBytesMax) typed.push(character);
      }
    };
    stdin.on('data', onData);
    stdin.resume();
  });
}
