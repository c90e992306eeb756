import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { compiledFolder } from './compiled-folder';

const binary = path.join(compiledFolder, 'client', 'main.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real compiled `chat-client` as a child process, driven through pipes. */
export class ClientProcess {
  private stdout = '';
  private stderr = '';
  private readonly lines: AsyncIterator<string, undefined>;
  private readonly exited: Promise<unknown>;

  constructor(readonly child: ChildProcessWithoutNullStreams) {
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    // A client that has left takes no more input: the exit code and what it printed say so to the test.
    child.stdin.on('error', () => undefined);
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.exited = once(child, 'close');
  }

  static start(...args: readonly string[]): ClientProcess {
    return new ClientProcess(spawn(process.execPath, [binary, ...args]));
  }

  /** The same whose standard output is a file on a full disk. */
  static startOnFullDisk(...args: readonly string[]): ClientProcess {
    const shellArgs = ['-c', 'exec "$0" "$@" > /dev/full', process.execPath, binary, ...args];
    return new ClientProcess(spawn('sh', shellArgs));
  }

  /** Runs to its end with `input` as the whole of its input. */
  static run(args: readonly string[], input = ''): Promise<Finished> {
    const client = ClientProcess.start(...args);
    client.child.stdin.end(input);
    return client.finished();
  }

  /** Enters a command and resolves with the next line that is printed. */
  async enter(line: string): Promise<string> {
    this.child.stdin.write(`${line}\n`);
    return this.nextLine();
  }

  async nextLine(): Promise<string> {
    const next = await this.lines.next();
    if (next.done === true) throw new Error(`the client left instead of printing a line: ${this.stderr}`);
    return next.value;
  }

  /** Ends the input and resolves when the client has left. */
  end(): Promise<Finished> {
    this.child.stdin.end();
    return this.finished();
  }

  async finished(): Promise<Finished> {
    await this.exited;
    return { code: this.child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }
}
