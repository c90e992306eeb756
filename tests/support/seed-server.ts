import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { encodeJson, type JsonValue } from '../../shared/protocol/json-ascii';

type SeedReply = Readonly<Record<string, JsonValue>>;

interface SeedMessage {
  readonly msg_from: string;
  readonly msg_to: string;
  readonly msg: string;
}

interface SeedUser {
  readonly name: string;
  readonly password: string;
  /** Messages not yet taken, by sender. A sender stays in it once all are taken, as in the original. */
  readonly incoming: Map<string, SeedMessage[]>;
}

/** How an original refuses: a text, which becomes an error reply without a code. */
class Refusal extends Error {}

/**
 * Behaves as the seed's server program does on the wire, to show that our client works with servers of that family.
 *
 * It knows no lines: what it has read is one command as soon as it ends with `\r\n`, so two requests in one packet
 * are misunderstood. Words are split at single spaces; a message is every further word with a space before it, line
 * end included, which is why the seed's transcript shows `" anjay lu jago amat \r\n"`. Tokens die with the process.
 */
export class SeedServer {
  /** Every command as it was received, line end included, oldest first. */
  readonly received: string[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly sessions = new Map<string, string>();
  private readonly users = new Map<string, SeedUser>(
    [
      ['messi', 'Lionel Messi'],
      ['henderson', 'Jordan Henderson'],
      ['lineker', 'Gary Lineker'],
    ].map(([username, name]) => [username!, { name: name!, password: 'surabaya', incoming: new Map() }]),
  );

  private constructor(private readonly server: net.Server) {}

  /** Listens on a port that the system chooses. */
  static async start(): Promise<SeedServer> {
    const server = net.createServer();
    const seed = new SeedServer(server);
    server.on('connection', (socket) => {
      seed.serve(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return seed;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What a restart does to the logins: the sessions of an original are in memory only. */
  forgetSessions(): void {
    this.sessions.clear();
  }

  /** Breaks all connections and stops listening. */
  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let read = '';
    socket.on('data', (bytes) => {
      read += bytes.toString('latin1');
      if (!read.endsWith('\r\n')) return;
      const command = Buffer.from(read, 'latin1').toString('utf8');
      read = '';
      this.received.push(command);
      socket.write(`${encodeJson(this.process(command))}\r\n\r\n`);
    });
  }

  private process(command: string): SeedReply {
    const [name, ...words] = command.split(' ');
    try {
      return this.run(name!.trim(), words);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: 'ERROR', message: error.message };
    }
  }

  private run(name: string, words: readonly string[]): SeedReply {
    switch (name) {
      case 'auth':
        return this.auth(word(words, 0), word(words, 1));
      case 'send':
        return this.send(this.usernameOf(words), word(words, 1), words.slice(2));
      case 'inbox':
        return { status: 'OK', messages: this.takeInbox(this.usernameOf(words)) };
      case 'activeuser':
        this.usernameOf(words);
        return {
          status: 'OK',
          message: [...new Set(this.sessions.values())].map((user) => `${user}, `).join(''),
        };
      case 'logout':
        this.usernameOf(words);
        this.sessions.delete(word(words, 0));
        return { status: 'OK', messages: 'Logged Out!' };
      default:
        throw new Refusal('Command tidak benar');
    }
  }

  private auth(username: string, password: string): SeedReply {
    const user = this.users.get(username);
    if (user === undefined) throw new Refusal('User Tidak Ada');
    if (user.password !== password) throw new Refusal('Password Salah');
    const token = randomUUID();
    this.sessions.set(token, username);
    return { status: 'OK', tokenid: token };
  }

  private send(sender: string, recipient: string, words: readonly string[]): SeedReply {
    const to = this.users.get(recipient);
    if (to === undefined) throw new Refusal('User tidak ditemukan');
    const message = {
      msg_from: this.users.get(sender)!.name,
      msg_to: to.name,
      msg: words.map((w) => ` ${w}`).join(''),
    };
    to.incoming.set(sender, [...(to.incoming.get(sender) ?? []), message]);
    return { status: 'OK', message: 'Message Sent' };
  }

  private takeInbox(username: string): Record<string, JsonValue> {
    const { incoming } = this.users.get(username)!;
    const taken = Object.fromEntries(
      [...incoming].map(([sender, messages]) => [sender, messages.map((m) => ({ ...m }))]),
    );
    for (const sender of incoming.keys()) incoming.set(sender, []);
    return taken;
  }

  private usernameOf(words: readonly string[]): string {
    const username = this.sessions.get(word(words, 0));
    if (username === undefined) throw new Refusal('Session Tidak Ditemukan');
    return username;
  }
}

function word(words: readonly string[], index: number): string {
  const found = words[index]?.trim();
  if (found === undefined || found === '') throw new Refusal('Command tidak benar');
  return found;
}
