import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compiledFolder } from './compiled-folder';
import { findFreePort } from './free-port';
import type { Address } from './line-socket';

const supportFolder = path.join(compiledFolder, 'tests', 'support');
const serverFile = path.join(compiledFolder, 'server', 'main.js');
const readyLine = /chat-client connect .*:\d+$/m;
const startTimeoutMs = 40_000;
const stopTimeoutMs = 10_000;

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ServerProcessOptions {
  readonly host?: string;
  /** Default: a free port. Undefined on purpose (`port: null`): no `--port` is given, the test sets it elsewhere. */
  readonly port?: number | null;
  /** The data directory. Without one the server keeps everything in memory. */
  readonly data?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** A compiled file of this folder that is loaded into the process first, and answers what `ask` sends. */
  readonly preload?: string;
}

/**
 * The real binary, `dist/server/main.js`, as a child process in an empty folder of its own, in memory-only mode unless the
 * test names a data directory. It is ready when it has printed the `chat-client connect …` line, its last start line; from then on it must accept.
 */
export class ServerProcess {
  static readonly #running = new Set<ServerProcess>();

  readonly #child: ChildProcess;
  readonly #folder: string;
  #stdout = '';
  #stderr = '';
  #lastRequest = 0;
  readonly #exit: Promise<ServerExit>;

  /** Starts a server and waits until it is ready. `args` come after the ones this class gives. */
  static async start(
    args: readonly string[] = [],
    options: ServerProcessOptions = {},
  ): Promise<ServerProcess> {
    const server = await ServerProcess.begin(args, options);
    try {
      await server.untilPrinted(readyLine);
    } catch (error) {
      await server.kill();
      throw error;
    }
    return server;
  }

  /** Starts a server in memory whose start lines go to a pipe that nobody reads: only a connection shows when it is ready. */
  static startUnread(port: number, args: readonly string[] = []): ServerProcess {
    const server = new ServerProcess(argumentsFor({}, port, args), {});
    server.#child.stdout?.destroy();
    return server;
  }

  /** Starts a server and waits for nothing: for what happens before it is ready. */
  static async begin(
    args: readonly string[] = [],
    options: ServerProcessOptions = {},
  ): Promise<ServerProcess> {
    const host = options.host ?? '127.0.0.1';
    const port = options.port === undefined ? await findFreePort(host) : options.port;
    return new ServerProcess(argumentsFor(options, port, args), options.environment ?? {}, options.preload);
  }

  /** Runs the binary to its end: for `--help`, and for everything that must be refused at start. */
  static async run(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ServerExit> {
    const server = new ServerProcess(args, environment);
    const exit = await before(startTimeoutMs, server.#exit);
    if (exit) return exit;
    await server.kill();
    throw new Error(
      `chat-server ${args.join(' ')} did not exit within ${startTimeoutMs} ms; ${server.#printed()}`,
    );
  }

  /** Kills every server that a test has left running, because it failed half way. */
  static async killAll(): Promise<void> {
    await Promise.all([...ServerProcess.#running].map((server) => server.kill()));
  }

  private constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    preload?: string,
  ) {
    this.#folder = mkdtempSync(path.join(tmpdir(), 'benang-server-'));
    const preloadArgs = preload === undefined ? [] : ['-r', path.join(supportFolder, preload)];
    this.#child = spawn(process.execPath, [...preloadArgs, serverFile, ...args], {
      cwd: this.#folder,
      env: { ...environmentWithoutOurs(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe', ...(preload === undefined ? [] : ['ipc' as const])],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    ServerProcess.#running.add(this);
    this.#exit = new Promise((resolve) => {
      // 'close' comes after the streams have ended, so nothing printed is lost.
      this.#child.once('close', (code, signal) => {
        ServerProcess.#running.delete(this);
        rmSync(this.#folder, { recursive: true, force: true });
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Where it says it can be reached: the address of its own `chat-client connect …` line. */
  get address(): Address {
    const match = /chat-client connect (?:.* )?\[?([^\s\]]+?)\]?:(\d+)$/m.exec(this.#stdout);
    if (!match) throw new Error(`no "chat-client connect host:port" line; ${this.#printed()}`);
    return { host: match[1]!, port: Number(match[2]) };
  }

  /** Resolves when the process has ended. */
  get exited(): Promise<ServerExit> {
    return this.#exit;
  }

  /** Resident memory of the process in bytes, from /proc. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
    if (!match) throw new Error('no VmRSS in /proc/PID/status');
    return Number(match[1]) * 1024;
  }

  /** Asks the preloaded file; undefined when the process ends without an answer. */
  async ask(request: unknown): Promise<unknown> {
    const id = (this.#lastRequest += 1);
    const answered = new Promise<unknown>((resolve) => {
      const listen = (message: { readonly id: number; readonly answer: unknown }): void => {
        if (message.id !== id) return;
        this.#child.off('message', listen);
        resolve(message.answer);
      };
      this.#child.on('message', listen);
    });
    // It may end before it has heard the question.
    this.#child.send({ id, request }, () => undefined);
    return Promise.race([answered, this.#exit.then(() => undefined)]);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** TERM, and KILL when that takes too long: then it throws, because a server that does not stop is a failure. */
  async stop(): Promise<ServerExit> {
    this.signal('SIGTERM');
    const exit = await before(stopTimeoutMs, this.#exit);
    if (exit) return exit;
    await this.kill();
    throw new Error(`the server did not stop within ${stopTimeoutMs} ms of TERM; ${this.#printed()}`);
  }

  async kill(): Promise<ServerExit> {
    this.signal('SIGKILL');
    return this.#exit;
  }

  /** Resolves once what was printed, on either stream, matches; rejects when the process ends without it. */
  async untilPrinted(pattern: RegExp, timeoutMs = startTimeoutMs): Promise<void> {
    const printed = new Promise<'printed'>((resolve) => {
      const look = (): void => {
        if (pattern.test(this.#stdout) || pattern.test(this.#stderr)) resolve('printed');
      };
      this.#child.stdout?.on('data', look);
      this.#child.stderr?.on('data', look);
      look();
    });
    const outcome = await before(timeoutMs, Promise.race([printed, this.#exit]));
    if (outcome === 'printed') return;
    throw new Error(
      outcome === undefined
        ? `the server did not print ${String(pattern)} within ${timeoutMs} ms; ${this.#printed()}`
        : `the server exited with ${String(outcome.code ?? outcome.signal)}; ${this.#printed()}`,
    );
  }

  #printed(): string {
    return `stdout:\n${this.#stdout}\nstderr:\n${this.#stderr}`;
  }
}

function argumentsFor(
  { host, data }: ServerProcessOptions,
  port: number | null,
  args: readonly string[],
): string[] {
  const given = data === undefined ? ['--ephemeral'] : ['--data', data];
  if (host !== undefined) given.push('--host', host);
  if (port !== null) given.push('--port', String(port));
  return [...given, ...args];
}

/** The environment of the test run must not configure the server under test. */
function environmentWithoutOurs(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CHAT_')));
}

/** What the promise resolves to, or undefined when it takes longer. */
async function before<Value>(timeoutMs: number, promise: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
