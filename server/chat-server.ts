/**
 * The server put together: shared memory, pools, dispatcher, listener. Starting and stopping are here, and nothing
 * else is.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createBatchArea, openBatchSlots } from '../shared/batch/batch-area';
import { createStore } from '../shared/store/store';
import { cutLineExtraBytes } from '../shared/protocol/limits';
import { capacityFor } from '../shared/store/layout';
import { countUsers } from '../shared/store/statistics';
import { type Account, createAccounts } from './accounts';
import type { Connection } from './connection';
import { Dispatcher } from './dispatcher';
import { Listener } from './listener';
import type { Logger } from './logger';
import type { ServerOptions } from './options';
import { ChatPool, HashPool } from './pool';
import { SlowLane } from './slow-lane';

/** How long a stop waits for clients to take their last replies. */
const drainMsMax = 8_000;
/** Slots for threads that attach while a dead one's slot is not recovered yet. */
const spareThreadSlots = 8;
/** What one connection may put in one batch; a longer line bound raises it. */
const segmentBytesMin = 32_768;

export class ChatServer {
  private readonly store: SharedArrayBuffer;
  private readonly chatPool: ChatPool;
  private readonly hashPool: HashPool;
  private readonly dispatcher: Dispatcher;
  private readonly listener: Listener;

  /** @param onFatal Something failed that the server cannot go on without. */
  constructor(
    options: ServerOptions,
    private readonly log: Logger,
    onFatal: (error: Error) => void,
  ) {
    const { threads, memory, maxInbox, maxLine } = options;
    this.store = createStore(capacityFor(memory, threads + spareThreadSlots, maxInbox));
    const batchArea = createBatchArea(ChatPool.batchSlots(threads));
    const settings = {
      store: this.store,
      batchArea,
      lineBytesMax: maxLine,
      openRegistration: options.openRegistration,
    };
    this.chatPool = new ChatPool(threads, settings, onFatal);
    this.hashPool = new HashPool(threads, onFatal);
    const slowLane = new SlowLane(this.hashPool, this.chatPool);
    this.dispatcher = new Dispatcher(
      openBatchSlots(batchArea),
      Math.max(segmentBytesMin, maxLine + cutLineExtraBytes),
      (slot) => this.chatPool.runBatch(slot),
      (error) => {
        this.log.error({ err: error }, 'a batch failed');
      },
    );
    this.listener = new Listener(
      {
        host: options.host,
        port: options.port,
        loginTimeoutMs: options.loginTimeout * 1_000,
        sendTimeoutMs: options.sendTimeout * 1_000,
      },
      options.maxConnections,
      {
        lineBytesMax: maxLine,
        append: (connection: Connection, lines: Uint8Array, lengthBytes: number) =>
          this.dispatcher.append(connection, lines, lengthBytes),
        enqueue: (connection: Connection) => {
          this.dispatcher.enqueue(connection);
        },
        runSlow: (deferral) => slowLane.run(deferral),
      },
      log,
    );
  }

  get userCount(): number {
    return countUsers(this.store);
  }

  get connectionCount(): number {
    return this.listener.connections.size;
  }

  set connectionsMax(value: number) {
    this.listener.connectionsMax = value;
  }

  /** Creates the accounts that are missing, then listens; returns the port. */
  async start(accounts: readonly Account[], onProgress: (done: number) => void): Promise<number> {
    await createAccounts(accounts, this.chatPool, this.hashPool, onProgress);
    return this.listener.listen();
  }

  /** Accepts no more, carries out what was read, lets the replies out, ends the threads. */
  async stop(): Promise<void> {
    const drained = this.listener.drain();
    const isDrained = await Promise.race([
      drained.then(() => true),
      delay(drainMsMax, false, { ref: false }),
    ]);
    if (!isDrained) {
      this.log.warn(
        { connections: this.connectionCount },
        'cut the connections that did not take their last replies',
      );
      this.listener.cutAll();
      await drained;
    }
    await this.dispatcher.whenIdle();
    await Promise.all([this.chatPool.destroy(), this.hashPool.destroy()]);
  }
}
