/** Histories of inboxes, as several clients of a server see them over their sockets while threads of it die. */
import { password, tokenOf } from './durable-load';
import type { InboxRecord } from './inbox-history';
import { type Address, LineSocket } from './line-socket';
import type { RandomNumbers } from './random-numbers';

const operationsPerRound = 6;
/** What one search can judge. */
const historyMax = 30;

/** One account that several connections send to and read from, in rounds; each begins with an empty inbox. */
export class WireHistories {
  readonly histories: InboxRecord[][] = [];
  private nextValue = 1;

  private constructor(
    private readonly username: string,
    private readonly token: string,
    private readonly clients: readonly LineSocket[],
  ) {}

  /** Registers the account. */
  static async start(address: Address, username: string, clientCount: number): Promise<WireHistories> {
    const clients = await Promise.all(
      Array.from({ length: clientCount }, () => LineSocket.connect(address, { timeoutMs: 20_000 })),
    );
    await clients[0]!.ask(`register ${username} ${password}`);
    const token = tokenOf(await clients[0]!.ask(`auth ${username} ${password}`));
    return new WireHistories(username, token, clients);
  }

  async record(random: RandomNumbers, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const history: InboxRecord[] = [];
      await Promise.all(
        this.clients.map(async (client) => {
          for (let count = 0; count < operationsPerRound; count += 1)
            history.push(random.below(5) < 3 ? await this.send(client) : await this.take(client));
        }),
      );
      await this.empty(history);
      if (history.length <= historyMax) this.histories.push(history);
    }
    for (const client of this.clients) client.destroy();
  }

  private async empty(history: InboxRecord[]): Promise<void> {
    for (;;) {
      const record = await this.take(this.clients[0]!);
      history.push(record);
      if (record.kind === 'take' && record.isUnknown !== true && record.values.length === 0) return;
    }
  }

  private async send(client: LineSocket): Promise<InboxRecord> {
    const value = this.nextValue;
    this.nextValue += 1;
    const calledAt = performance.now();
    const reply = await client.ask(`send ${this.token} ${this.username} ${value}`);
    const { status, code } = JSON.parse(reply) as { status: string; code?: string };
    return { kind: 'send', value, outcome: code ?? status, calledAt, returnedAt: performance.now() };
  }

  private async take(client: LineSocket): Promise<InboxRecord> {
    const calledAt = performance.now();
    const reply = await client.ask(`inbox ${this.token}`);
    const returnedAt = performance.now();
    const { messages, code } = JSON.parse(reply) as { messages?: Inbox; code?: string };
    const isUnknown = code === 'UNKNOWN_OUTCOME';
    if (messages === undefined && !isUnknown) throw new Error(`an inbox was answered ${reply}`);
    const values = (messages?.[this.username] ?? []).map(({ msg }) => Number(msg));
    return { kind: 'take', values, messagesMax: Infinity, isUnknown, calledAt, returnedAt };
  }
}

type Inbox = Record<string, { readonly msg: string }[]>;
