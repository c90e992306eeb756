/**
 * The owner's end of the control socket. Connections wait for their greeting until there is something to serve them
 * with. Those that come during a stop wait for its end: the directory is free then, or another has it.
 */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger';
import { exitCode, isStartError } from '../start-error';
import type { AdminService } from './admin-service';
import { boundedLines } from './bounded-lines';
import {
  controlLineBytesMax,
  type ControlReply,
  type ControlRequest,
  decodeRequest,
  greeting,
} from './control-protocol';

/** How long a stop waits for requests that are under way. */
const stopMsMax = 1_000;

export class ControlServer {
  private service: AdminService | undefined;
  private waiting: Socket[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private isStopping = false;

  constructor(private readonly log: Logger) {}

  /** Takes a connection to the control socket. */
  accept(socket: Socket): void {
    if (this.service === undefined || this.isStopping) this.waiting.push(socket);
    else void this.serve(socket, this.service);
  }

  /** Greets those who wait, and everyone from now on. */
  start(service: AdminService): void {
    this.service = service;
    for (const socket of this.waiting) void this.serve(socket, service);
    this.waiting = [];
  }

  /** Begins nothing more; returns when what was begun has ended, or has taken too long. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.race([Promise.all(this.underWay), delay(stopMsMax, undefined, { ref: false })]);
  }

  private async serve(socket: Socket, service: AdminService): Promise<void> {
    try {
      await write(socket, greeting);
      for await (const line of boundedLines(socket, controlLineBytesMax)) {
        if (this.isStopping) break;
        const work = this.answer(socket, line, service);
        this.underWay.add(work);
        try {
          await work;
        } finally {
          this.underWay.delete(work);
        }
      }
    } catch (error) {
      this.log.debug({ err: error }, 'a connection to the control socket broke');
    }
    socket.destroy();
  }

  private async answer(socket: Socket, line: string, service: AdminService): Promise<void> {
    const request = decodeRequest(line);
    if ('problem' in request) {
      await write(socket, { kind: 'failed', exitCode: exitCode.badUsage, message: request.problem });
      return;
    }
    this.note(request.value);
    try {
      const { value } = request;
      if (value.command === 'listUsers') await writeItems(socket, service.listUsers());
      else if (value.command === 'listLimits') await writeItems(socket, service.listLimits());
      else await write(socket, { kind: 'done', result: await carryOut(value, service) });
    } catch (error) {
      await write(socket, this.failure(error));
    }
  }

  /** What the operator did stands in the log, without its secrets. */
  private note(request: ControlRequest): void {
    const { command } = request;
    if (request.command === 'addAccounts')
      this.log.info({ command, accounts: request.accounts.length }, 'operator');
    else if ('username' in request) this.log.info({ command, username: request.username }, 'operator');
    else if ('target' in request) this.log.info({ command, target: request.target }, 'operator');
    else this.log.debug({ command }, 'operator');
  }

  private failure(error: unknown): ControlReply {
    if (isStartError(error)) return { kind: 'failed', exitCode: error.exitCode, message: error.message };
    this.log.error({ err: error }, 'an operator’s request failed');
    const message = this.isStopping
      ? 'the server is stopping; type it again to see whether it was done'
      : 'the server failed to do it; its log says why';
    return { kind: 'failed', exitCode: exitCode.unexpected, message };
  }
}

type SingleRequest = Exclude<ControlRequest, { readonly command: 'listUsers' | 'listLimits' }>;

async function carryOut(request: SingleRequest, service: AdminService): Promise<unknown> {
  switch (request.command) {
    case 'addAccounts':
      return service.addAccounts(request.accounts);
    case 'setPassword':
      return service.setPassword(request.username, request.password);
    case 'removeUser':
      return service.removeUser(request.username);
    case 'clearLimits':
      return service.clearLimits(request.target);
    case 'backup':
      return service.backup(request.target);
    case 'catchUp':
      return service.catchUp();
  }
}

async function writeItems(socket: Socket, items: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
  for await (const item of items) await write(socket, { kind: 'item', item });
  await write(socket, { kind: 'done' });
}

/** Writes a line; waits while the other side takes none. */
async function write(socket: Socket, line: object): Promise<void> {
  if (socket.destroyed) throw new Error('the connection is closed');
  if (!socket.write(`${JSON.stringify(line)}\n`)) await drainedOrClosed(socket);
}

/** Leaves no listener behind: an operator's list may be waited for a thousand times. */
function drainedOrClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const goOn = (): void => {
      socket.off('drain', goOn);
      socket.off('close', goOn);
      resolve();
    };
    socket.on('drain', goOn);
    socket.on('close', goOn);
  });
}
