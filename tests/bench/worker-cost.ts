/**
 * What a worker does for a request, without its thread: batches of the chat workload, parsed and carried out in this
 * process over a store of its own. Processor time in user space, so that what else the machine does falls on it less.
 * Run alone: `npm run --silent build && node dist/tests/bench/worker-cost.js`. Takes about 10 s.
 */
import { scriptsFor } from '../../client/load/request-script';
import { inlineWholeCommands } from '../../server/engine';
import { createBatchArea, openBatchSlots, type BatchSlot } from '../../shared/batch/batch-area';
import { lineBytesMaxDefault } from '../../shared/protocol/limits';
import { issueToken, type TokenWords } from '../../shared/protocol/token';
import { JournalReader } from '../../shared/store/journal-reader';
import { Memory } from '../../shared/store/memory';
import { createStore, Store } from '../../shared/store/store';
import { BatchRunner } from '../../workers/batch-runner';
import { nameOf, textOf } from '../support/store-values';
import { describeMachine } from './machine';
import { markdownTable } from './markdown-table';

const connections = 500;
const messageBytes = 32;
const roundCount = 7;
const requestsPerRound = 400_000;
/** About what the dispatcher puts into one batch under load. */
const requestsPerBatch = 704;
const ringWords = 4_194_304;
const usernames = ['messi', 'henderson', 'lineker'];

interface Way {
  readonly name: string;
  readonly inFlight: number;
  readonly hasJournal: boolean;
}

/** A worker's runner, and the batches that all connections send in turn. */
class LoneWorker {
  private readonly memory: Memory;
  private readonly store: Store;
  private readonly runner: BatchRunner;
  private readonly slots: readonly BatchSlot[];

  constructor(private readonly way: Way) {
    const sizes = { usersMax: 64, sessionsMax: 64, blocksMax: 60_000, inboxMessagesMax: 10_000 };
    const journal = way.hasJournal ? { ringWords } : {};
    this.memory = new Memory(createStore({ threadsMax: 2, ...sizes, ...journal }));
    this.store = Store.attach(this.memory, 1, () => undefined);
    const settings = { openRegistration: false, keepsHistory: true };
    this.runner = new BatchRunner(this.store, lineBytesMaxDefault, settings, () => performance.now());
    this.slots = this.fillSlots();
  }

  /** @returns µs of processor time in user space for a request. */
  measure(): number {
    const batches = Math.ceil(requestsPerRound / requestsPerBatch);
    const reader = new JournalReader(this.memory);
    let requests = 0;
    const before = process.cpuUsage();
    for (let batch = 0; batch < batches; batch += 1) {
      const slot = this.slots[batch % this.slots.length]!;
      this.runner.runBatch(slot, Date.now());
      requests += slot.segmentCount * this.way.inFlight;
      const run = reader.take();
      if (run !== undefined) reader.markDurable(run.end);
    }
    return process.cpuUsage(before).user / requests;
  }

  /** Batches that hold the next requests of every connection: sixteen rounds of them, after which all is as before. */
  private fillSlots(): readonly BatchSlot[] {
    const { inFlight } = this.way;
    const scripts = scriptsFor({
      host: '127.0.0.1',
      port: 0,
      workload: 'chat',
      connections,
      inFlight,
      stop: { requests: 1 },
      warmupMs: 0,
      messageBytes,
      ratePerSecond: 0,
      generatorThreads: 1,
      identities: usernames.map((username) => ({ username, password: '', token: this.logIn(username) })),
    });
    const segments: Buffer[] = [];
    for (let round = 0; round < scripts[0]!.period; round += 1)
      for (let connection = 0; connection < connections; connection += 1) {
        const script = scripts[connection % scripts.length]!;
        const phase = (connection + round * inFlight) % script.period;
        segments.push(Buffer.from(script.slice(phase, inFlight), 'latin1'));
      }
    const perBatch = Math.min(requestsPerBatch / inFlight, 256);
    const slots = openBatchSlots(createBatchArea(Math.ceil(segments.length / perBatch)));
    for (const [index, segment] of segments.entries()) {
      const slot = slots[Math.floor(index / perBatch)]!;
      if (index % perBatch === 0) slot.clear();
      slot.add(segment);
    }
    return slots;
  }

  private logIn(username: string): string {
    const name = nameOf(username);
    const words: TokenWords = new Int32Array(4);
    const token = issueToken(words);
    const outcomes = [
      this.store.createUser(name, textOf(`The one and only ${username}`), textOf('hash')),
      this.store.openSession(this.store.credentialsOf(name)!, words, Math.floor(Date.now() / 1_000)),
    ];
    if (outcomes.some((outcome) => outcome !== 'OK')) throw new Error(outcomes.join(', '));
    return token;
  }
}

const ways: readonly Way[] = [1, 16].flatMap((inFlight) =>
  [false, true].map((hasJournal) => ({
    name: `${inFlight} in flight${hasJournal ? ', with a journal' : ''}`,
    inFlight,
    hasJournal,
  })),
);

/** The least of some rounds: everything that disturbs one makes it longer. */
function main(): void {
  inlineWholeCommands();
  const workers = ways.map((way) => ({ way, worker: new LoneWorker(way), leastUs: Infinity }));
  for (let round = 0; round < roundCount; round += 1)
    for (const entry of workers) entry.leastUs = Math.min(entry.leastUs, entry.worker.measure());
  const rows = workers.map(({ way, leastUs }) => [way.name, leastUs.toFixed(3)]);
  const { processors, system, node, takenAt } = describeMachine();
  process.stdout.write(
    `${processors}, ${system}, ${node}, ${takenAt}\n\n${markdownTable(['chat workload', 'µs a request'], rows)}\n`,
  );
}

main();
