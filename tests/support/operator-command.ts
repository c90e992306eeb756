import { spawn } from 'node:child_process';
import path from 'node:path';

const serverFile = path.resolve(__dirname, '..', '..', 'dist', 'server', 'main.js');
const timeoutMs = 60_000;

export interface CommandExit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** What standard input holds; nothing unless given. */
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether whoever reads its standard output is gone before it writes anything, as in `chat-server … | true`. */
  readonly isAbandoned?: boolean;
  /** The same of its standard error. */
  readonly isUnheard?: boolean;
  /** A file's descriptor in the place of standard output, of which nothing is returned then. */
  readonly output?: number;
  /** Whom the process belongs to; only root may choose. */
  readonly userId?: number;
  /** Called once the process runs. */
  readonly onStart?: (processId: number) => void;
}

/** Runs one of the operator's commands, the real binary, to its end. */
export function operate(args: readonly string[], options: CommandOptions = {}): Promise<CommandExit> {
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('CHAT_'));
  const child = spawn(process.execPath, [serverFile, ...args], {
    env: { ...Object.fromEntries(environment), ...options.environment },
    stdio: ['pipe', options.output ?? 'pipe', 'pipe'],
    timeout: timeoutMs,
    ...(options.userId === undefined ? {} : { uid: options.userId }),
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (options.isAbandoned === true) child.stdout?.destroy();
  if (options.isUnheard === true) child.stderr?.destroy();
  // A command that reads nothing may end before it is written to.
  child.stdin?.on('error', () => undefined);
  if (child.pid !== undefined) options.onStart?.(child.pid);
  child.stdin?.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/** The objects of an output of JSON lines. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
