/** A server under load from sockets, whose threads are terminated at random. */
import { setTimeout as delay } from 'node:timers/promises';
import { type LoadShape, loadUntilDeath } from './durable-load';
import type { DurableServer } from './durable-server';
import { countOverlaps, isLinearizable } from './inbox-history';
import type { KillRequest, ThreadRole } from './kill-switch';
import { LineSocket } from './line-socket';
import type { RandomNumbers } from './random-numbers';
import { WireHistories } from './wire-histories';

/** 25 connections that send, read every member's inbox, log in and register. */
const shape: LoadShape = { senders: 14, readers: 8, logins: 2, registrations: 1, textBytesMax: 700 };
const historyAccounts = 3;
const clientsPerHistory = 3;
const progressMsMax = 10_000;

/** The most that is waited between two kills. */
export interface StormPlan {
  readonly role: ThreadRole;
  readonly kills: number;
  readonly pauseMsMax: number;
}

export interface StormTotals {
  readonly kills: number;
  readonly replies: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly histories: number;
  readonly overlappingPairs: number;
  readonly longestPingMs: number;
}

export class ServerStorm {
  /** What was found to be wrong, apart from the ledgers. */
  readonly violations: string[] = [];
  private replies = 0;
  private unknown = 0;
  private longestPingMs = 0;
  private isOver = false;
  private readonly histories: WireHistories[] = [];

  constructor(
    private readonly server: DurableServer,
    private readonly random: RandomNumbers,
  ) {}

  /** Kills thread after thread under load; returns when every request has been answered. */
  async rage(plan: StormPlan): Promise<StormTotals> {
    const { server, random } = this;
    const isOver = (): boolean => this.isOver;
    for (let account = 0; account < historyAccounts; account += 1)
      this.histories.push(
        await WireHistories.start(server.process.address, `witness-${account}`, clientsPerHistory),
      );
    const load = Promise.all([
      loadUntilDeath({
        ...server.ledgers,
        address: server.process.address,
        members: server.members,
        random,
        shape,
        onReply: () => (this.replies += 1),
        isOver,
        onUnknown: () => (this.unknown += 1),
      }),
      this.ping(),
      ...this.histories.map((histories) => histories.record(random, isOver)),
    ]);
    // A load that fails ends the storm too.
    const kills = await Promise.race([this.kill(plan), load.then(() => 0)]).finally(() => {
      this.isOver = true;
    });
    await load;
    return this.judge(kills);
  }

  private async kill({ role, kills, pauseMsMax }: StormPlan): Promise<number> {
    let killed = 0;
    while (killed < kills && !this.isOver) {
      // Not to be in step with anything: to meet threads at different places.
      await delay(this.random.below(pauseMsMax));
      const count = this.random.below(8) === 0 ? 2 : 1;
      const request: KillRequest = { kind: 'terminate', role, count };
      killed += Number(await this.server.process.ask(request));
      // There is one journal thread: to kill it again before it has come to anything is another test.
      if (role === 'journal' || killed % 10 === 0) await this.expectProgress();
    }
    await this.expectProgress();
    return killed;
  }

  /** Something that is acknowledged from here on took a worker and the disk. */
  private async expectProgress(): Promise<void> {
    const { deliveries } = this.server;
    const sentBefore = deliveries.messages.size;
    const deadline = Date.now() + progressMsMax;
    const isDone = (): boolean =>
      [...deliveries.messages.values()].slice(sentBefore).some(({ isAcknowledged }) => isAcknowledged);
    while (!isDone()) {
      if (Date.now() > deadline) throw new Error('nothing is acknowledged any more');
      await delay(5);
    }
  }

  private async ping(): Promise<void> {
    const client = await LineSocket.connect(this.server.process.address, { timeoutMs: 20_000 });
    while (!this.isOver) {
      const askedMs = performance.now();
      await client.ask('ping');
      this.longestPingMs = Math.max(this.longestPingMs, performance.now() - askedMs);
      await delay(1);
    }
    client.destroy();
  }

  private async judge(kills: number): Promise<StormTotals> {
    const histories = this.histories.flatMap(({ histories: recorded }) => recorded);
    for (const history of histories)
      if (!isLinearizable(history, Infinity))
        this.violations.push(`not linearizable: ${JSON.stringify(history)}`);
    const request: KillRequest = { kind: 'audit' };
    this.violations.push(...((await this.server.process.ask(request)) as string[]));
    return {
      kills,
      replies: this.replies,
      acknowledged: this.server.deliveries.acknowledgedCount,
      unknown: this.unknown,
      histories: histories.length,
      overlappingPairs: histories.reduce((sum, history) => sum + countOverlaps(history), 0),
      longestPingMs: Math.round(this.longestPingMs),
    };
  }
}
