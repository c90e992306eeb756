import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { compiledFolder } from './compiled-folder';
import { TemporaryFolder } from './temporary-folder';

const run = promisify(execFile);
const lookEveryMs = 20;
const timeoutMs = 15_000;

export interface TerminalOptions {
  /** `chat-client` without it. */
  readonly program?: 'client/main.js' | 'server/main.js';
  readonly columns?: number;
  readonly rows?: number;
  /** Whether a shell stands behind the program that continues it at once, as with `fg`, when it is stopped. */
  readonly isContinued?: boolean;
  /** Over the environment of the test. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Keys by the names that tmux gives them. */
export type Key = 'Enter' | 'Tab' | 'C-c' | 'C-d' | 'C-u' | 'C-z' | 'Left' | 'Up' | 'BSpace' | 'Home';

/**
 * A real program of the product on a real terminal: a window of a tmux server of its own. The screen is what tmux's emulator makes of
 * what the program writes.
 */
export class TerminalSession {
  private static readonly running = new Set<TerminalSession>();

  /** Of the socket that tmux leaves behind. */
  private readonly folder = new TemporaryFolder();

  /** Starts the program with these arguments. The window stays when it ends, so that its last screen can be seen. */
  static async start(args: readonly string[], options: TerminalOptions = {}): Promise<TerminalSession> {
    const session = new TerminalSession();
    TerminalSession.running.add(session);
    const environment = { LC_ALL: 'C.UTF-8', TZ: 'UTC', NO_COLOR: '1', ...options.environment };
    const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const program = path.join(compiledFolder, options.program ?? 'client/main.js');
    const command = ['env', ...settings, process.execPath, program, ...args];
    const size = ['-x', String(options.columns ?? 80), '-y', String(options.rows ?? 24)];
    const [begin, end] = options.isContinued === true ? ['set -m; ', '; fg'] : ['', ''];
    // A server without configuration files, whose window says with which code its program ended.
    await session.tmux(
      ...['-f', '/dev/null', 'new-session', '-d', ...size],
      `${begin}${command.map(quoted).join(' ')}${end}; echo "left with $?"; exec cat`,
    );
    return session;
  }

  /** Ends every terminal that a test has left, because it failed half way. */
  static async endAll(): Promise<void> {
    await Promise.all([...TerminalSession.running].map((session) => session.end()));
  }

  /** Types a text as it is. */
  async type(text: string): Promise<void> {
    await this.tmux('send-keys', '-l', '--', text);
  }

  async press(...keys: readonly Key[]): Promise<void> {
    await this.tmux('send-keys', ...keys);
  }

  /** Types a line and ends it. */
  async enter(line: string): Promise<void> {
    await this.type(line);
    await this.press('Enter');
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** What the screen shows, without the empty end of each line and of the screen. */
  async screen(): Promise<string> {
    return this.capture();
  }

  /** The same with everything that has scrolled away. Lines that the terminal has wrapped are one. */
  async scrollback(): Promise<string> {
    return this.capture('-J', '-S', '-');
  }

  /** Resolves with the first screen that matches. */
  async shows(pattern: RegExp | string): Promise<string> {
    const deadlineMs = Date.now() + timeoutMs;
    for (;;) {
      const screen = await this.screen();
      if (typeof pattern === 'string' ? screen.includes(pattern) : pattern.test(screen)) return screen;
      if (Date.now() > deadlineMs)
        throw new Error(`the screen did not show ${String(pattern)} but:\n${screen}`);
      await pause(lookEveryMs);
    }
  }

  async end(): Promise<void> {
    TerminalSession.running.delete(this);
    await this.tmux('kill-server').catch(() => undefined);
    this.folder.remove();
  }

  private async capture(...options: readonly string[]): Promise<string> {
    const text = await this.tmux('capture-pane', '-p', ...options);
    return text.replace(/[ ]+$/gm, '').trimEnd();
  }

  private async tmux(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-u', '-S', this.folder.file('tmux'), ...args]);
    return stdout;
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
