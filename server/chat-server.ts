/**
 * The server put together: shared memory, pools, dispatcher, listener. Starting and stopping are here, and nothing
 * else is.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createBatchArea, openBatchSlots } from '../shared/batch/batch-area';
import type { Subscription } from '../shared/batch/tasks';
import type { LoadSummary } from '../shared/journal/journal-messages';
import { cutLineExtraBytes } from '../shared/protocol/limits';
import { DurablePosition } from '../shared/store/durable-position';
import { Memory } from '../shared/store/memory';
import { serverCapacity } from '../shared/store/server-capacity';
import { countUsers, countUsersEver } from '../shared/store/statistics';
import { createStore } from '../shared/store/store';
import { SubscriptionFlags } from '../shared/store/subscription-flags';
import type { Account } from './account-rules';
import { type AccountCreator, createAccounts, refuseDemoPasswords } from './accounts';
import type { Connection } from './connection';
import { Dispatcher } from './dispatcher';
import { HistoryLane } from './history-lane';
import { Journal } from './journal';
import { LimitedLane } from './limits/limited-lane';
import { Limits } from './limits/limits';
import { LimitsFile } from './limits/limits-file';
import { Live } from './live/live';
import { PresenceEvents } from './live/presence-events';
import { Listener } from './listener';
import type { Logger } from './logger';
import type { ServerOptions } from './options';
import { ChatPool, HashPool } from './pool';
import { ReleaseGate } from './release-gate';
import { SlowLane } from './slow-lane';
import type { TlsIdentity } from './tls/tls-identity';

/** How long a stop waits for clients to take their last replies. */
const drainMsMax = 8_000;
/** …and then for what was read of those who are gone. */
const idleMsMax = 1_000;
/** What one connection may put in one batch; a longer line bound raises it. */
const segmentBytesMin = 32_768;

/** How often connections are counted as signs of life of their users, and what has expired is removed. */
const houseIntervalMs = 60_000;

export interface ChatServerOptions extends ServerOptions {
  /**
   * Whether the tables forget what these options say is too old or too much. Not for an operator's command: it may lack
   * the options that its server is started with, and what is forgotten does not come back.
   */
  readonly keepsHouse?: boolean;
}

export class ChatServer {
  readonly limits: Limits;
  private readonly limitsFile: LimitsFile | undefined;
  private readonly store: SharedArrayBuffer;
  private readonly gate: ReleaseGate;
  private readonly chatPool: ChatPool;
  private readonly hashPool: HashPool;
  private readonly live: Live;
  private readonly presence: PresenceEvents;
  private readonly dispatcher: Dispatcher;
  private readonly listener: Listener;
  private readonly journal: Journal | undefined;
  private readonly historyLane: HistoryLane | undefined;
  private houseTimer: NodeJS.Timeout | undefined;
  private isStopping = false;

  /**
   * @param onFatal Something failed that the server cannot go on without.
   * @param onUnsound Something failed that it can do without for a while: it is to be stopped.
   * @param identity What to show to clients, of a server that speaks TLS.
   */
  constructor(
    private readonly options: ChatServerOptions,
    private readonly log: Logger,
    onFatal: (error: Error) => void,
    onUnsound: (error: Error) => void = onFatal,
    identity?: TlsIdentity,
  ) {
    const { threads, maxLine, data, durability, historyDays, keepsHouse = true } = options;
    this.store = createStore(serverCapacity(options));
    this.gate = new ReleaseGate(new DurablePosition(this.store));
    this.limits = new Limits(options, log);
    if (!options.ephemeral) {
      this.limitsFile = new LimitsFile(data, this.limits, log);
      this.journal = new Journal(
        { store: this.store, folder: data, durability, historyDays, keepsHouse },
        { log, onFatal, onUnsound },
      );
      this.historyLane = new HistoryLane(data, () => this.catchUp(), log);
    }
    const batchArea = createBatchArea(ChatPool.batchSlots(threads));
    const { openRegistration, sessionHours, sessionIdleHours } = options;
    const sessionLifetime = { ageSecondsMax: sessionHours * 3_600, idleSecondsMax: sessionIdleHours * 3_600 };
    const settings = {
      store: this.store,
      batchArea,
      lineBytesMax: maxLine,
      openRegistration,
      keepsHistory: !options.ephemeral && historyDays > 0,
      sessionLifetime,
    };
    this.chatPool = new ChatPool(threads, settings, { log, onFatal });
    this.hashPool = new HashPool(threads, { log, onFatal });
    this.live = new Live(new SubscriptionFlags(new Memory(this.store)), {
      catchUp: async (task) => {
        const found = await this.chatPool.catchUp(task);
        if (found?.position !== undefined) await this.gate.whenDurable(found.position);
        return found;
      },
      areValid: (tokens) => this.chatPool.areValid(tokens),
      onFailure: (error) => {
        this.log.warn({ err: error }, 'live frames are late');
      },
    });
    this.presence = new PresenceEvents(this.live, {
      audiencesOf: (users, candidates) => this.chatPool.audiencesOf(users, candidates),
      onFailure: (error) => {
        this.log.warn({ err: error }, 'a presence was not told');
      },
    });
    this.dispatcher = new Dispatcher(
      openBatchSlots(batchArea),
      Math.max(segmentBytesMin, maxLine + cutLineExtraBytes),
      (slot) => this.chatPool.runBatch(slot),
      this.gate,
      this.live,
      (lost) => {
        this.chatPool.noteLoss(lost);
      },
    );
    this.listener = this.createListener(identity);
  }

  get userCount(): number {
    return countUsers(this.store);
  }

  /** With those who were removed. */
  get userCountEver(): number {
    return countUsersEver(this.store);
  }

  get connectionCount(): number {
    return this.listener.connections.size;
  }

  set connectionsMax(value: number) {
    this.listener.connectionsMax = value;
  }

  /** Only of a server that speaks TLS. */
  set identity(identity: TlsIdentity) {
    this.listener.identity = identity;
  }

  /**
   * Sessions of a user have ended, but for that of `author`, the connection that ended the others: ends the
   * subscriptions that went by them. A connection that is still subscribed has a session. Whether any other has one is
   * not known: it belongs to nobody until its next request.
   */
  async followEndedSessions(user: number, author?: Connection): Promise<void> {
    await this.live.checkSessions(user);
    for (const connection of this.listener.connections)
      if (connection.user === user && connection !== author && !this.live.isSubscribed(connection, user))
        connection.loseUser();
  }

  /** What the operator's commands work with. */
  get accountCreator(): AccountCreator {
    return { chatPool: this.chatPool, hashPool: this.hashPool, gate: this.gate };
  }

  /** Brings back what is on disk; `onProgress` hears how many rows are loaded. */
  async load(onProgress: (rows: number) => void): Promise<LoadSummary | undefined> {
    this.limitsFile?.load();
    return this.journal?.start(onProgress);
  }

  /** Creates the accounts that are missing, then listens; returns the port. Rejects when it is stopped meanwhile. */
  async start(accounts: readonly Account[], onProgress: (done: number) => void): Promise<number> {
    await createAccounts(accounts, this.accountCreator, onProgress);
    await refuseDemoPasswords(this.options, this.accountCreator);
    // What has been drained is not to listen any more.
    if (this.isStopping) throw new Error('the server was stopped before it listened');
    const port = await this.listener.listen();
    this.limitsFile?.start();
    this.houseTimer = setInterval(() => {
      this.keepHouse();
    }, houseIntervalMs);
    return port;
  }

  /** Copies the data to another folder while the server goes on. */
  backup(target: string): Promise<void> {
    return this.keptJournal.backup(target);
  }

  /** Brings into the tables all that is on disk now, for those who read them. */
  catchUp(): Promise<void> {
    return this.keptJournal.catchUp();
  }

  /** Accepts no more, carries out what was read, lets the replies out, brings all to disk, ends the threads. */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.houseTimer);
    this.live.announceRestart();
    this.presence.stop();
    const drained = this.listener.drain();
    const isDrained = await Promise.race([
      drained.then(() => true),
      delay(drainMsMax, false, { ref: false }),
    ]);
    if (!isDrained) {
      const connections = this.connectionCount;
      this.log.warn({ connections }, 'cut the connections that did not take their last replies');
      this.listener.cutAll();
      await drained;
    }
    // Replies that wait for a disk that takes nothing would be waited for in vain.
    await Promise.race([this.dispatcher.whenIdle(), delay(idleMsMax, undefined, { ref: false })]);
    this.dispatcher.stop();
    await Promise.all([this.chatPool.destroy(), this.hashPool.destroy()]);
    await this.historyLane?.stop();
    await this.limitsFile?.stop();
    await this.journal?.stop();
  }

  private get keptJournal(): Journal {
    if (this.journal === undefined) throw new Error('an ephemeral server keeps no data');
    return this.journal;
  }

  private createListener(identity: TlsIdentity | undefined): Listener {
    const { host, port, loginTimeout, sendTimeout, lineTimeout, maxConnections, maxLine } = this.options;
    const { limits } = this;
    const slowLane = new SlowLane(this.hashPool, this.chatPool, this.gate, this.historyLane);
    const limitedLane = new LimitedLane(slowLane, limits.passwords, limits.registrations, limits.clock);
    return new Listener(
      {
        host,
        port,
        loginTimeoutMs: loginTimeout * 1_000,
        sendTimeoutMs: sendTimeout * 1_000,
        lineTimeoutMs: lineTimeout * 1_000,
        identity,
      },
      maxConnections,
      {
        lineBytesMax: maxLine,
        append: (connection: Connection, lines: Uint8Array, lengthBytes: number) =>
          this.dispatcher.append(connection, lines, lengthBytes),
        enqueue: (connection: Connection) => {
          this.dispatcher.enqueue(connection);
        },
        runSlow: async (deferral, connection) => {
          const { user } = connection;
          try {
            const finished = await limitedLane.run(deferral, connection.client);
            const { endedSessionsOf = 0 } = finished;
            if (endedSessionsOf !== 0) await this.followEndedSessions(endedSessionsOf, connection);
            return finished;
          } catch (error) {
            // The last that its thread did may have been to end sessions.
            if (user !== 0) await this.live.checkSessions(user);
            throw error;
          }
        },
        subscribe: (connection: Connection, subscription: Subscription) => {
          this.live.subscribe(connection, subscription);
        },
        moved: (previous: number, next: number) => {
          this.presence.move(previous, next);
        },
        relieved: (connection: Connection) => {
          this.live.resume(connection);
        },
        forget: (connection: Connection) => {
          this.live.forget(connection);
          this.presence.move(connection.user, 0);
        },
      },
      limits,
      this.log,
    );
  }

  /** Counts connected users as active, and removes sessions and counts of failures that have expired. */
  private keepHouse(): void {
    this.limits.keepHouse();
    const users = new Set<number>();
    for (const { user } of this.listener.connections) if (user !== 0) users.add(user);
    Promise.all([
      this.chatPool.touchUsers([...users]),
      this.chatPool.removeExpiredSessions(),
      this.live.checkSessions(),
    ]).catch((error: unknown) => {
      this.log.warn({ err: error }, 'expired sessions were not removed');
    });
  }
}
