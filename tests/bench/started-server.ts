/** A server under test as a child process: started, known to be ready, and gone at the end whatever happens. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { demoAccounts, logIn } from '../../client/load/accounts';
import type { Identity } from '../../client/load/load-plan';
import { readProcessUsage } from '../../client/load/server-process';
import { findFreePort } from '../support/free-port';
import { makeFolder, removeFolder } from './disk-usage';
import type { ServerUnderTest } from './servers';

const readyMsMax = 30_000;
const retryPauseMs = 20;
const stopMsMax = 5_000;
const settlePauseMs = 250;
const settleLooksMax = 40;
/** Of one processor: less is idling. */
const idleShareMax = 0.1;
const outputCharactersMax = 4_000;
const madeUpToken = '00000000-0000-4000-8000-000000000000';

const running = new Set<ChildProcess>();

/** Also on Ctrl-C and on failures nothing is left behind: 'exit' comes last, and killing needs no event loop. First of all, before their folders go. */
process.prependListener('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.exit(1);
  });
}

/** A child process of the benchmark that is killed with it. */
export function startChild(program: string, args: readonly string[], usesIpc = false): ChildProcess {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...(usesIpc ? (['ipc'] as const) : [])],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export class StartedServer {
  private constructor(
    readonly server: ServerUnderTest,
    readonly port: number,
    private readonly child: ChildProcess,
    readonly folder: string,
    readonly identities: readonly Identity[],
  ) {}

  get pid(): number {
    return this.child.pid!;
  }

  /** @throws with the end of the server's own output where it does not accept a connection within 30 s. */
  static async start(server: ServerUnderTest): Promise<StartedServer> {
    const port = await findFreePort();
    const folder = makeFolder();
    const [program, ...args] = server.command(port, folder);
    const child = startChild(program, args);
    let output = '';
    const keepOutput = (text: Buffer): void => {
      output = (output + text.toString()).slice(-outputCharactersMax);
    };
    child.stdout?.on('data', keepOutput);
    child.stderr?.on('data', keepOutput);
    const deadlineMs = performance.now() + readyMsMax;
    while (!(await accepts(port))) {
      if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadlineMs) {
        child.kill('SIGKILL');
        throw new Error(`${server.name} did not start: ${[program, ...args].join(' ')}\n${output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
    }
    const identities =
      server.sessions === 'login'
        ? await logIn({ host: '127.0.0.1', port }, demoAccounts)
        : demoAccounts.map((account) => ({ ...account, token: madeUpToken }));
    return new StartedServer(server, port, child, folder, identities);
  }

  /** Waits until it does nothing any more, for instance to its tables, so that the next one has the machine to itself. */
  async settle(): Promise<void> {
    let beforeMs = this.cpuMs;
    for (let looks = 0; looks < settleLooksMax; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, settlePauseMs));
      const nowMs = this.cpuMs;
      if (nowMs - beforeMs <= settlePauseMs * idleShareMax) return;
      beforeMs = nowMs;
    }
  }

  private get cpuMs(): number {
    return readProcessUsage(this.pid)?.cpuMs ?? 0;
  }

  async stop(): Promise<void> {
    await stopChild(this.child);
    removeFolder(this.folder);
  }
}

/** Asks to end, and insists after 5 s. Resolves when the process is gone. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
  await exited;
  clearTimeout(insist);
}

/** Starts a server, does something with it, and stops it also when that fails. */
export function withServer<T>(
  server: ServerUnderTest,
  action: (started: StartedServer) => Promise<T>,
): Promise<T> {
  return withServers([server], ([started]) => action(started!));
}

/** The same with several at once. */
export async function withServers<T>(
  servers: readonly ServerUnderTest[],
  action: (started: readonly StartedServer[]) => Promise<T>,
): Promise<T> {
  const started: StartedServer[] = [];
  try {
    for (const server of servers) started.push(await StartedServer.start(server));
    return await action(started);
  } finally {
    await Promise.all(started.map((server) => server.stop()));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
