/**
 * A thread outside the pools that has to be there: when it dies, another takes its place. When three in a row come to
 * nothing, so would a fourth.
 */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Logger } from './logger';
import { workersFolder } from './workers-folder';

const failuresMax = 3;
/** How long to wait after one that came to nothing. */
const retryMs = 500;
/** One that lives for so long after it was ready has come to something, also when there was nothing to do. */
const soundMs = 10_000;

/** What every such thread says of itself. */
type OwnMessage =
  /** It does its work from here on. */
  | { readonly kind: 'ready' }
  /** It is about to end because of this. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** It is about to end because it was asked to. */
  | { readonly kind: 'stopped' };

export interface ThreadRole<Message> {
  /** As the log calls it. */
  readonly name: string;
  readonly entryPoint: string;
  /** What the next thread is started with. */
  readonly settings: () => object;
  /** How far its work is: if that differs from when a thread was started, the thread has done some. */
  readonly position: () => number;
  readonly onMessage: (message: Message) => void;
  /** A thread has died. Returns whether another is to take its place. */
  readonly onDeath: (reason: string) => boolean;
  /** Three in a row have come to nothing: no other one is started. */
  readonly onGivenUp: (reason: string) => void;
}

export class KeptThread<Message extends { readonly kind: string }> {
  private worker: Worker | undefined;
  /** Threads in a row that came to nothing. */
  private failures = 0;
  /** Since when the thread is ready; undefined while it is not. */
  private readySinceMs: number | undefined;
  private startPosition = 0;
  private isToEnd = false;
  private hasEnded = false;
  private readonly endListeners: (() => void)[] = [];

  constructor(
    private readonly role: ThreadRole<Message>,
    private readonly log: Logger,
  ) {}

  start(): void {
    const { role } = this;
    const worker = new Worker(path.join(workersFolder, role.entryPoint), { workerData: role.settings() });
    const { threadId } = worker;
    let reason: string | undefined;
    let error: Error | undefined;
    this.worker = worker;
    this.readySinceMs = undefined;
    this.startPosition = role.position();
    worker.on('message', (message: Message | OwnMessage) => {
      if (message.kind === 'ready') this.noteReady();
      else if (message.kind === 'stopped') this.isToEnd = true;
      else if (message.kind === 'failed')
        reason = describeFailure(message as OwnMessage & { kind: 'failed' });
      role.onMessage(message as Message);
    });
    worker.once('error', (failure) => {
      error = failure;
    });
    worker.once('exit', (exitCode) => {
      this.worker = undefined;
      if (this.isToEnd) {
        this.end();
        return;
      }
      reason ??= error?.message ?? `exit code ${exitCode}`;
      this.log.error(
        { thread: role.name, threadId, exitCode, reason, ...(error === undefined ? {} : { err: error }) },
        'a thread died',
      );
      this.replace(reason);
    });
  }

  /** False when there is no thread to hear it now. */
  tell(request: object): boolean {
    if (this.worker === undefined) return false;
    this.worker.postMessage(request);
    return true;
  }

  /** Resolves once there is no thread and none will be started. */
  async whenEnded(): Promise<void> {
    if (this.hasEnded) return;
    await new Promise<void>((resolve) => {
      this.endListeners.push(resolve);
    });
  }

  /** From here on a death is an end. */
  letGo(): void {
    this.isToEnd = true;
    if (this.worker === undefined) this.end();
  }

  private noteReady(): void {
    this.readySinceMs = performance.now();
    if (this.failures > 0) this.log.warn({ thread: this.role.name }, 'the thread goes on');
  }

  /** Whether the thread that has died came to something, so that its death is a new matter. */
  private get hasDoneWork(): boolean {
    const { readySinceMs } = this;
    if (readySinceMs === undefined) return false;
    return this.role.position() !== this.startPosition || performance.now() - readySinceMs >= soundMs;
  }

  private replace(reason: string): void {
    this.failures = this.hasDoneWork ? 1 : this.failures + 1;
    if (!this.role.onDeath(reason)) {
      this.end();
    } else if (this.failures > failuresMax) {
      this.end();
      this.role.onGivenUp(reason);
    } else {
      setTimeout(
        () => {
          if (!this.hasEnded) this.start();
        },
        this.failures === 1 ? 0 : retryMs,
      );
    }
  }

  private end(): void {
    this.hasEnded = true;
    for (const listener of this.endListeners.splice(0)) listener();
  }
}

function describeFailure({ code, message }: OwnMessage & { kind: 'failed' }): string {
  return `${message} (${code})`;
}
