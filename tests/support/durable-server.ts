/** A server with data on a real disk, members with sessions that outlive it, and the questions asked after a crash. */
import { AccountLedger } from './account-ledger';
import { DeliveryLedger } from './delivery-ledger';
import { type Ledgers, type Member, password, readOnce, tokenOf } from './durable-load';
import { LineSocket } from './line-socket';
import type { RandomNumbers } from './random-numbers';
import { ServerProcess, type ServerProcessOptions } from './server-process';
import { TemporaryFolder } from './temporary-folder';
import { readHistory } from './kept-history';

export interface DurableServerOptions extends ServerProcessOptions {
  /** Accounts with a session each. Default: 8; every one costs two password hashes. */
  readonly memberCount?: number;
}

export class DurableServer {
  readonly deliveries = new DeliveryLedger();
  readonly accounts = new AccountLedger();
  members: readonly Member[] = [];

  private constructor(
    readonly folder: TemporaryFolder,
    readonly data: string,
    private readonly args: readonly string[],
    public process: ServerProcess,
    private readonly options: ServerProcessOptions,
  ) {}

  /** Starts one on fresh data. `data` is by default a folder of its own on a disk. */
  static async start(
    args: readonly string[] = [],
    data?: string,
    { memberCount = 8, ...options }: DurableServerOptions = {},
  ): Promise<DurableServer> {
    const folder = TemporaryFolder.onDisk();
    const names = Array.from({ length: memberCount }, (_, index) => `member-${index}`);
    const lines = names.map((username) => JSON.stringify({ username, password, name: `The ${username}` }));
    const users = folder.write('users.jsonl', `${lines.join('\n')}\n`);
    const allArgs = ['--threads', '2', '--open-registration', '--users', users, ...args];
    const dataFolder = data ?? folder.file('data');
    const process = await ServerProcess.start(allArgs, { ...options, data: dataFolder });
    const server = new DurableServer(folder, dataFolder, allArgs, process, options);
    server.members = await server.logIn(names);
    return server;
  }

  get ledgers(): Ledgers {
    return { deliveries: this.deliveries, accounts: this.accounts };
  }

  get violations(): readonly string[] {
    return [...this.deliveries.violations, ...this.accounts.violations];
  }

  /** A new process on the same data, or on a copy of it. */
  async restart(data = this.data): Promise<void> {
    this.process = await ServerProcess.start(this.args, { ...this.options, data });
  }

  connect(): Promise<LineSocket> {
    return LineSocket.connect(this.process.address, { timeoutMs: 20_000 });
  }

  /** Reads every inbox empty and judges what came. */
  async judgeInboxes(): Promise<void> {
    await this.readAllInboxes();
    this.deliveries.judgeInboxes();
  }

  async readAllInboxes(): Promise<void> {
    const client = await this.connect();
    for (const member of this.members) while ((await readOnce(client, this.deliveries, member)) > 0);
    client.destroy();
  }

  /** Compares every session and account that clients know of. */
  async judgeAccounts(random: RandomNumbers): Promise<void> {
    const { accounts } = this;
    const client = await this.connect();
    for (const { username, token } of this.members) {
      const expected = `{"status": "OK", "username": "${username}", "name": "The ${username}"}`;
      const reply = await client.ask(`whoami ${token}`);
      if (reply.trim() !== expected) accounts.violations.push(`whoami of ${username}: ${reply.trim()}`);
    }
    for (const token of accounts.sessions.keys())
      accounts.judgeSession(token, (await client.ask(`whoami ${token}`)).includes('"OK"'));
    const names = [...accounts.accounts.keys()];
    for (const name of names) {
      const wasKnown = accounts.accounts.get(name) !== 'unknown';
      const isTaken = (await client.ask(`register ${name} ${password}`)).includes('"USER_EXISTS"');
      accounts.judgeAccount(name, isTaken);
      // It was registered just now where it was missing.
      accounts.accounts.set(name, 'yes');
      if (isTaken && !wasKnown) await this.requireLogin(client, name);
    }
    if (names.length > 0) await this.requireLogin(client, random.of(names));
    client.destroy();
  }

  /** Compares what the tables keep of what members were sent. No server is running. */
  async judgeHistory(): Promise<void> {
    const names = new Set(this.members.map(({ username }) => username));
    const history = await readHistory(this.data);
    this.deliveries.judgeHistory(history.filter(({ receiver }) => names.has(receiver)));
  }

  async remove(): Promise<void> {
    await this.process.kill();
    this.folder.remove();
  }

  private async requireLogin(client: LineSocket, name: string): Promise<void> {
    const reply = await client.ask(`auth ${name} ${password}`);
    if (!reply.includes('"OK"')) this.accounts.violations.push(`${name} cannot log in: ${reply.trim()}`);
  }

  private async logIn(names: readonly string[]): Promise<Member[]> {
    const client = await this.connect();
    const members: Member[] = [];
    for (const username of names)
      members.push({ username, token: tokenOf(await client.ask(`auth ${username} ${password}`)) });
    client.destroy();
    return members;
  }
}
