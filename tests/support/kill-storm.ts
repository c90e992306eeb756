/** Threads at work on one store that are terminated at random, recovered and replaced. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { auditStore } from '../../shared/store/audit';
import { type Layout, readLayout } from '../../shared/store/layout';
import { Memory } from '../../shared/store/memory';
import { recoverThread } from '../../shared/store/recovery';
import { createStore, Store } from '../../shared/store/store';
import { startWorker } from './compiled-worker';
import { LoneMemory } from './crashing-memory';
import { takeAllMessages } from './inbox-collector';
import type { RandomNumbers } from './random-numbers';
import { ignoreLongWaits, nameOf, textOf } from './store-values';
import type { VictimRequest } from './store-victim-worker';

export interface StormShape {
  readonly threads: number;
  readonly kills: number;
  readonly receivers: number;
  readonly accessesPerPause: number;
  readonly blocksMax: number;
}

interface Victim {
  readonly worker: Worker;
  readonly threadId: number;
  readonly accepted: Int32Array;
  readonly longWaits: Int32Array;
}

const observer = 1_000_000;
/** Far longer than any operation takes; a thread that gets nowhere for so long waits for a lock that nobody frees. */
const progressMsMax = 10_000;

export class KillStorm {
  readonly buffer: SharedArrayBuffer;
  private readonly memory: Memory;
  private readonly layout: Layout;
  /** All that ever lived; a message names its sender's place in here. */
  private readonly victims: Victim[] = [];
  private living: Victim[] = [];

  constructor(private readonly shape: StormShape) {
    this.buffer = createStore({
      threadsMax: shape.threads + 2,
      usersMax: shape.receivers + 2,
      sessionsMax: 1_000,
      blocksMax: shape.blocksMax,
      inboxMessagesMax: shape.blocksMax,
      roomsMax: 4,
      membersMax: 4,
    });
    this.memory = new Memory(this.buffer);
    this.layout = readLayout(this.memory.words);
    const store = Store.attach(new LoneMemory(this.buffer), observer, ignoreLongWaits);
    const receivers = Array.from({ length: shape.receivers }, (_, receiver) => `receiver-${receiver}`);
    for (const name of ['scratch', ...receivers])
      store.createUser(nameOf(name), textOf(name), textOf('hash'));
  }

  /** Kills one thread after another, then all that are left. */
  async rage(random: RandomNumbers): Promise<void> {
    try {
      for (let thread = 0; thread < this.shape.threads; thread += 1) this.start();
      for (let kill = 0; kill < this.shape.kills; kill += 1) {
        // Not to be in step with anything: to meet threads at different places.
        await delay(random.below(25));
        const victim = random.of(this.living);
        await this.kill(victim);
        this.start();
        if (kill % 10 === 9) await this.expectProgress();
      }
      await this.expectProgress();
    } finally {
      for (const victim of [...this.living]) await this.kill(victim);
    }
  }

  /** What is not as it must be, now that nobody is left. Empties the inboxes. */
  violations(): string[] {
    const { findings } = auditStore(this.buffer);
    return findings.length > 0
      ? [...findings]
      : [...this.wrongDeliveries(), ...auditStore(this.buffer).findings];
  }

  get acceptedCount(): number {
    return this.victims.reduce((sum, { accepted }) => sum + accepted.reduce((all, one) => all + one, 0), 0);
  }

  /** Waits of a second: a dead thread's locks are freed, and those who wait for them woken, far sooner. */
  get longWaitCount(): number {
    return this.victims.reduce((sum, { longWaits }) => sum + longWaits[0]!, 0);
  }

  private start(): void {
    const { receivers, accessesPerPause } = this.shape;
    const accepted = new SharedArrayBuffer((receivers + 1) * 4);
    const victim = this.victims.length;
    const request: VictimRequest = { store: this.buffer, accepted, victim, receivers, accessesPerPause };
    const worker = startWorker('store-victim-worker.js', request);
    const started = {
      worker,
      threadId: worker.threadId,
      accepted: new Int32Array(accepted, 0, receivers),
      longWaits: new Int32Array(accepted, receivers * 4, 1),
    };
    this.victims.push(started);
    this.living.push(started);
  }

  private async kill(victim: Victim): Promise<void> {
    this.living = this.living.filter((other) => other !== victim);
    const exit = once(victim.worker, 'exit');
    await victim.worker.terminate();
    await exit;
    recoverThread(this.memory, this.layout, victim.threadId);
  }

  /** Every living thread gets on with its work. */
  private async expectProgress(): Promise<void> {
    const deadline = Date.now() + progressMsMax;
    for (const { accepted, threadId } of this.living) {
      const before = accepted.reduce((sum, count) => sum + count, 0);
      while (accepted.reduce((sum, count) => sum + count, 0) === before) {
        if (Date.now() > deadline) throw new Error(`thread ${threadId} gets nowhere`);
        await delay(1);
      }
    }
  }

  /** What was accepted arrived once and in order; the message in hand at death may have arrived or not. */
  private wrongDeliveries(): string[] {
    const store = Store.attach(new LoneMemory(this.buffer), observer + 1, ignoreLongWaits);
    const wrong: string[] = [];
    for (let receiver = 0; receiver < this.shape.receivers; receiver += 1) {
      const user = store.credentialsOf(nameOf(`receiver-${receiver}`))!.user;
      const numbers = this.victims.map((): number[] => []);
      for (const { text } of takeAllMessages(store, user)) {
        const [victim, number] = text.slice(0, text.indexOf(':')).split('.').map(Number);
        numbers[victim!]!.push(number!);
      }
      this.victims.forEach(({ accepted }, victim) => {
        const found = numbers[victim]!;
        const isInOrder = found.every((number, index) => number === index);
        const inHand = found.length - accepted[receiver]!;
        if (!isInOrder || inHand < 0 || inHand > 1)
          wrong.push(`victim ${victim} to ${receiver}: ${accepted[receiver]!} accepted, ${found.join()}`);
      });
    }
    return wrong;
  }
}
