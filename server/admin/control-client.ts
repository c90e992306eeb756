/**
 * The operator's end of the control socket: asks the running server.
 */
import type { Socket } from 'node:net';
import type { ListedUser } from '../../shared/batch/tasks';
import type { Account } from '../account-rules';
import type { HeldBack } from '../limits/limits';
import { exitCode, type ExitCode, StartError } from '../start-error';
import type { AdminService, Outcome } from './admin-service';
import { boundedLines } from './bounded-lines';
import {
  controlLineBytesMax,
  type ControlRequest,
  controlVersion,
  encodeRequest,
  parseObject,
} from './control-protocol';

/** How long an owner may take to be ready, in which it loads its data. */
const greetingMsMax = 120_000;

export class ControlClient implements AdminService {
  private constructor(
    private readonly socket: Socket,
    private readonly lines: AsyncGenerator<string>,
  ) {}

  /** Waits for the owner's greeting. Undefined when it ended before: the directory has another owner then, or none. */
  static async greet(socket: Socket): Promise<ControlClient | undefined> {
    const lines = boundedLines(socket, controlLineBytesMax);
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort();
      socket.destroy();
    }, greetingMsMax);
    const line = await nextLine(lines);
    clearTimeout(timer);
    if (late.signal.aborted)
      throw new StartError(
        'the server that has the data directory does not answer. Look at its log, or stop it and try again.',
        exitCode.dataUnavailable,
      );
    if (line === undefined) return undefined;
    const version = parseObject(line)?.version;
    if (version !== controlVersion)
      throw new StartError(
        `the running server is of another version (control version ${String(version)}, this command has ` +
          `${controlVersion}). Use the chat-server command that it was started with.`,
        exitCode.badUsage,
      );
    return new ControlClient(socket, lines);
  }

  addAccounts(accounts: readonly Account[]): Promise<readonly Outcome[]> {
    return this.ask({ command: 'addAccounts', accounts }) as Promise<readonly Outcome[]>;
  }

  setPassword(username: string, password: string): Promise<Outcome> {
    return this.ask({ command: 'setPassword', username, password }) as Promise<Outcome>;
  }

  removeUser(username: string): Promise<Outcome> {
    return this.ask({ command: 'removeUser', username }) as Promise<Outcome>;
  }

  listUsers(): AsyncGenerator<ListedUser> {
    return this.askForItems({ command: 'listUsers' }) as AsyncGenerator<ListedUser>;
  }

  listLimits(): AsyncGenerator<HeldBack> {
    return this.askForItems({ command: 'listLimits' }) as AsyncGenerator<HeldBack>;
  }

  clearLimits(target: string | undefined): Promise<number> {
    const named = target === undefined ? {} : { target };
    return this.ask({ command: 'clearLimits', ...named }) as Promise<number>;
  }

  async backup(target: string): Promise<void> {
    await this.ask({ command: 'backup', target });
  }

  async catchUp(): Promise<void> {
    await this.ask({ command: 'catchUp' });
  }

  close(): void {
    this.socket.destroy();
  }

  private async *askForItems(request: ControlRequest): AsyncGenerator {
    this.socket.write(encodeRequest(request));
    for (;;) {
      const reply = await this.reply();
      if (reply.kind !== 'item') return;
      yield reply.item;
    }
  }

  private async ask(request: ControlRequest): Promise<unknown> {
    this.socket.write(encodeRequest(request));
    return (await this.reply()).result;
  }

  private async reply(): Promise<Record<string, unknown>> {
    const line = await nextLine(this.lines);
    if (line === undefined)
      throw new StartError(
        'the server ended before it answered: it may have been done, or not. Look, and try again.',
        exitCode.unexpected,
      );
    const reply = parseObject(line) ?? {};
    if (reply.kind === 'failed') throw new StartError(String(reply.message), reply.exitCode as ExitCode);
    return reply;
  }
}

/** Undefined when the connection has ended, however it did. */
async function nextLine(lines: AsyncGenerator<string>): Promise<string | undefined> {
  try {
    const next = await lines.next();
    return next.done === true ? undefined : next.value;
  } catch {
    return undefined;
  }
}
