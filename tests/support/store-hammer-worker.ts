/** One of several threads that do everything at once to a few users of one store, and keep books of it. */
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { Memory } from '../../shared/store/memory';
import { Store } from '../../shared/store/store';
import { takeMessages } from './inbox-collector';
import { JitteryMemory } from './jittery-memory';
import { RandomNumbers } from './random-numbers';
import { activeUsers } from './store-snapshot';
import { filledText, nameOf, textOf, tokenOf } from './store-values';
import { ThreadBarrier } from './thread-barrier';

export interface HammerRequest {
  readonly store: SharedArrayBuffer;
  readonly barrier: SharedArrayBuffer;
  /** One word a receiver: numbers the takes of its inbox, while it is locked. */
  readonly tickets: SharedArrayBuffer;
  readonly threads: number;
  /** From 0. */
  readonly thread: number;
  readonly receivers: number;
  readonly operations: number;
  readonly seed: number;
  /** What there is most of. */
  readonly mix: HammerMix;
  /** 0 for none; else a pause in so many accesses to the memory. */
  readonly accessesPerPause: number;
}

export type HammerMix = 'messages' | 'sessions';

/** Chances in a hundred: send, take, open a session, use one, close one, change a password, list; else create. */
const chances: Readonly<Record<HammerMix, readonly number[]>> = {
  messages: [50, 18, 10, 8, 7, 4, 2],
  sessions: [3, 2, 35, 10, 40, 6, 3],
};

/** A message is known by its sending thread and its number among that thread's messages to the receiver. */
export interface HammeredTake {
  readonly receiver: number;
  readonly ticket: number;
  readonly messages: readonly (readonly [thread: number, number: number])[];
}

export interface HammerAnswer {
  readonly thread: number;
  /** Of every receiver: messages sent to it. */
  readonly sent: readonly number[];
  readonly takes: readonly HammeredTake[];
  readonly openTokens: readonly number[];
  readonly outcomes: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
  readonly longWaits: number;
}

const tokensPerThread = 1_000_000;

class StoreHammer {
  private readonly store: Store;
  private readonly random: RandomNumbers;
  private readonly tickets: Int32Array;
  private readonly sent: number[];
  private readonly takes: HammeredTake[] = [];
  /** Token number to receiver. */
  private readonly open = new Map<number, number>();
  private readonly ended = new Set<number>();
  private readonly outcomes: Record<string, number> = {};
  private readonly violations: string[] = [];
  private longWaits = 0;
  private nextToken: number;

  constructor(private readonly request: HammerRequest) {
    const { store, thread, receivers, seed, accessesPerPause } = request;
    this.random = new RandomNumbers(seed * 97 + thread);
    const memory =
      accessesPerPause === 0 ? new Memory(store) : new JitteryMemory(store, this.random, accessesPerPause);
    this.store = Store.attach(memory, threadId, () => {
      this.longWaits += 1;
    });
    this.tickets = new Int32Array(request.tickets);
    this.sent = Array.from({ length: receivers }, () => 0);
    this.nextToken = thread * tokensPerThread + 1;
  }

  run(): HammerAnswer {
    const { operations, barrier, threads, thread } = this.request;
    new ThreadBarrier(barrier, threads).pass();
    for (let count = 0; count < operations; count += 1) this.step();
    const { sent, takes, outcomes, violations, longWaits } = this;
    return { thread, sent, takes, openTokens: [...this.open.keys()], outcomes, violations, longWaits };
  }

  private step(): void {
    const receiver = this.random.below(this.request.receivers);
    const operations = [
      () => {
        this.send(receiver);
      },
      () => {
        this.take(receiver);
      },
      () => {
        this.openSession(receiver);
      },
      () => {
        this.useSession();
      },
      () => {
        this.closeSession();
      },
      () => {
        this.changePassword();
      },
      () => {
        this.listActive();
      },
    ];
    let chance = this.random.below(100);
    const index = chances[this.request.mix].findIndex((share) => (chance -= share) < 0);
    const operation =
      operations[index] ??
      (() => {
        this.createUser();
      });
    operation();
  }

  private createUser(): void {
    const name = nameOf(`new-${this.nextToken}`);
    this.note('createUser', this.store.createUser(name, textOf(''), textOf('h')));
  }

  private send(receiver: number): void {
    const number = this.sent[receiver]!;
    const text = filledText(`${this.request.thread}.${number}`, this.random.of([12, 90, 300, 2_000]));
    const outcome = this.store.mail.send(
      this.request.thread + 1,
      nameOf(receiverName(receiver)),
      textOf(text),
      1,
    );
    if (outcome === 'OK') this.sent[receiver] = number + 1;
    this.note('send', outcome);
  }

  private take(receiver: number): void {
    let ticket = -1;
    const onFirst = (): void => {
      ticket = Atomics.add(this.tickets, receiver, 1);
    };
    const messagesMax = this.random.of([3, 20, 10_000]);
    const taken = takeMessages(this.store, this.userOf(receiver), { messagesMax, onFirst });
    if (taken.length === 0) return;
    const messages = taken.map(({ sender, text }): [number, number] => {
      const [thread, number] = text.slice(0, text.indexOf(':')).split('.').map(Number);
      const isWhole = text === filledText(`${thread}.${number}`, text.length) && sender === thread! + 1;
      if (!isWhole) this.violations.push(`a message of user ${sender} is damaged: ${text.slice(0, 60)}`);
      return [thread!, number!];
    });
    this.takes.push({ receiver, ticket, messages });
    this.note('takeInbox', 'OK');
  }

  private openSession(receiver: number): void {
    const checked = this.store.credentialsOf(nameOf(receiverName(receiver)))!;
    const token = this.nextToken;
    this.nextToken += 1;
    const outcome = this.store.openSession(checked, tokenOf(token), 1);
    if (outcome === 'OK') this.open.set(token, receiver);
    this.note('openSession', outcome);
  }

  private useSession(): void {
    const [token, receiver] = this.anyOpen();
    if (token === undefined) return;
    const user = this.store.useSession(tokenOf(token), 2);
    if (user === 0) this.ended.add(token);
    else if (user !== this.userOf(receiver)) this.violations.push(`token ${token} is said to be of ${user}`);
    else if (this.ended.has(token)) this.violations.push(`token ${token} was ended and is valid again`);
    this.note('useSession', user === 0 ? 'BAD_SESSION' : 'OK');
  }

  private closeSession(): void {
    const [token] = this.anyOpen();
    if (token === undefined) return;
    const outcome = this.store.closeSession(tokenOf(token));
    if (outcome === 'OK' && this.ended.has(token)) this.violations.push(`token ${token} was closed twice`);
    if (this.store.useSession(tokenOf(token), 2) !== 0)
      this.violations.push(`token ${token} outlives its end`);
    this.open.delete(token);
    this.note('closeSession', outcome);
  }

  private changePassword(): void {
    const [token, receiver] = this.anyOpen();
    if (token === undefined) return;
    const checked = this.store.credentialsOfUser(this.userOf(receiver));
    const hash = textOf(filledText('hash', this.random.of([20, 200])));
    if (this.random.below(3) === 0) this.store.renewPasswordHash(checked, hash);
    this.note('changePassword', this.store.changePassword(checked, hash, tokenOf(token)));
  }

  private listActive(): void {
    const users = activeUsers(this.store);
    if (new Set(users).size !== users.length) this.violations.push(`listed twice as active: ${users.join()}`);
    this.note('forEachActive', 'OK');
  }

  private anyOpen(): [number, number] | [undefined, 0] {
    const tokens = [...this.open.keys()];
    if (tokens.length === 0) return [undefined, 0];
    const token = this.random.of(tokens);
    return [token, this.open.get(token)!];
  }

  /** Threads' users come first. */
  private userOf(receiver: number): number {
    return this.request.threads + 1 + receiver;
  }

  private note(operation: string, outcome: string): void {
    const key = `${operation} ${outcome}`;
    this.outcomes[key] = (this.outcomes[key] ?? 0) + 1;
  }
}

function receiverName(receiver: number): string {
  return `receiver-${receiver}`;
}

parentPort!.postMessage(new StoreHammer(workerData as HammerRequest).run());
