/**
 * Clients that subscribe, post to each other and acknowledge, while their server is killed and their connections are
 * cut: what they have at the end is compared with what they were told.
 */
import { LiveChat } from '../../client';
import { CuttingRelay } from './cutting-relay';
import { prepareUsers } from './prepared-data';
import { RandomNumbers } from './random-numbers';
import { ServerProcess } from './server-process';
import { TemporaryFolder } from './temporary-folder';

const room = 'everybody';
const roomShare = 50;
const killAfterPosts = { min: 4, spread: 4 };
const restartDelayMsMax = 500;
const settleMsMax = 60_000;

export interface StormPlan {
  readonly clients: number;
  readonly kills: number;
  readonly postsPerClient: number;
  readonly seed: number;
  /** The server is asked to stop, and tells its clients, instead of being killed. */
  readonly isGentle?: boolean;
}

export interface StormTotals {
  readonly posts: number;
  readonly deliveries: number;
  readonly kills: number;
  readonly cuts: number;
  readonly offlines: number;
  readonly violations: readonly string[];
}

export async function liveStorm(plan: StormPlan): Promise<StormTotals> {
  const folder = TemporaryFolder.onDisk();
  const data = folder.file('data');
  const tokens = await prepareUsers(data, plan.clients, room);
  const storm = new Storm(plan, data, tokens, await ServerProcess.start(['--threads', '2'], { data }));
  try {
    return await storm.run();
  } finally {
    await storm.end();
    folder.remove();
  }
}

class Storm {
  private readonly random: RandomNumbers;
  private readonly chats: LiveChat[] = [];
  /** By receiver, the ids that were handed over, as often as they were. */
  private readonly handled: Map<string, number>[] = [];
  /** By id: who is to have it. */
  private readonly posted = new Map<
    string,
    { readonly receivers: readonly number[]; readonly text: string }
  >();
  private readonly violations: string[] = [];
  private relay!: CuttingRelay;
  private cuts = 0;
  private offlines = 0;
  private expected = 0;

  constructor(
    private readonly plan: StormPlan,
    private readonly data: string,
    private readonly tokens: readonly string[],
    private server: ServerProcess,
  ) {
    this.random = new RandomNumbers(plan.seed);
  }

  async run(): Promise<StormTotals> {
    const { clients, kills, postsPerClient } = this.plan;
    this.relay = await CuttingRelay.start(this.server.address);
    for (let client = 0; client < clients; client += 1) this.chats.push(await this.open(client));
    const posts: Promise<void>[] = [];
    for (let round = 0; round < postsPerClient; round += 1) {
      for (let client = 0; client < clients; client += 1) posts.push(this.post(client, round));
      // A kill lands in the middle of the posts that were just written.
      if (kills > 0 && round % Math.ceil(postsPerClient / kills) === 0) {
        await Promise.race(posts.slice(-killAfterPosts.min - this.random.below(killAfterPosts.spread)));
        await this.killAndRestart();
      } else {
        for (let cut = 0; cut < 3; cut += 1) this.relay.cutOne(this.random);
        this.cuts += 3;
        await Promise.race(posts.slice(-clients));
      }
    }
    await Promise.all(posts);
    await this.untilDelivered();
    await this.judge();
    const { cuts, offlines, violations, expected } = this;
    return { posts: posts.length, deliveries: expected, kills, cuts, offlines, violations };
  }

  async end(): Promise<void> {
    for (const chat of this.chats) chat.release();
    this.relay.stop();
    await this.server.kill();
  }

  private async open(client: number): Promise<LiveChat> {
    const handled = new Map<string, number>();
    this.handled.push(handled);
    const chat = await LiveChat.open({
      ...this.relay.address,
      token: this.tokens[client]!,
      delayMsMin: 20,
      delayMsMax: restartDelayMsMax,
      onMessage: ({ id }) => {
        handled.set(id, (handled.get(id) ?? 0) + 1);
      },
    });
    chat.closed.catch((error: unknown) => this.violations.push(`client ${client} gave up: ${String(error)}`));
    chat.on('offline', () => (this.offlines += 1));
    return chat;
  }

  private async post(client: number, round: number): Promise<void> {
    const { clients } = this.plan;
    const text = `${client} ${round}`;
    const isToRoom = this.random.below(roomShare) === 0;
    const receiver = this.random.below(clients);
    const others = Array.from({ length: clients }, (_, each) => each).filter((each) => each !== client);
    const destination = isToRoom ? `#${room}` : `user${receiver + 1}`;
    const { id } = await this.chats[client]!.post(destination, text);
    const receivers = isToRoom ? others : [receiver];
    if (this.posted.has(id)) this.violations.push(`two messages have the id ${id}`);
    this.posted.set(id, { receivers, text });
    this.expected += receivers.length;
  }

  private async killAndRestart(): Promise<void> {
    if (this.plan.isGentle === true) await this.server.stop();
    else await this.server.kill();
    this.server = await ServerProcess.start(['--threads', '2'], { data: this.data });
    this.relay.target = this.server.address;
  }

  private get deliveredCount(): number {
    return this.handled.reduce((sum, { size }) => sum + size, 0);
  }

  /** Until everything has arrived, or nothing has for a long time. */
  private async untilDelivered(): Promise<void> {
    const deadlineMs = performance.now() + settleMsMax;
    while (this.deliveredCount < this.expected && performance.now() < deadlineMs)
      await new Promise((resolve) => setTimeout(resolve, 50));
    for (const chat of this.chats) chat.close();
    await Promise.all(this.chats.map(async (chat) => chat.closed));
  }

  /** Each message was handled once by each of its receivers and by nobody else, and is acknowledged: nothing is unread. */
  private async judge(): Promise<void> {
    for (const [id, { receivers, text }] of this.posted)
      for (const receiver of receivers) {
        const count = this.handled[receiver]!.get(id) ?? 0;
        if (count !== 1)
          this.violations.push(`message ${id} (${text}) came ${count} times to client ${receiver}`);
      }
    for (const [client, handled] of this.handled.entries())
      for (const id of handled.keys())
        if (this.posted.get(id)?.receivers.includes(client) !== true)
          this.violations.push(`client ${client} got the message ${id}, which nobody posted to it`);
    const chat = await LiveChat.open({
      ...this.server.address,
      token: this.tokens[0]!,
      onMessage: ({ id }) => {
        this.violations.push(`message ${id} is unread although it was acknowledged`);
      },
    });
    for (const token of this.tokens) {
      const { messages } = await chat.ask((connection) => connection.fetch(token));
      if (messages.length > 0) this.violations.push(`${messages.length} messages are unread at the end`);
    }
    chat.release();
  }
}
