/**
 * Loaded into the real server before it starts (`node -r`): lets its threads die when a test says so, over the IPC
 * channel, and audits its store. The server itself knows nothing of it.
 *
 * Threads die from outside, as by `terminate()`, or from inside at an exact place: when they are about to write a chosen
 * control word of the store, or have just written it. The place is *armed* in memory that all threads share.
 */
import workerThreads, {
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
  Worker,
  workerData,
  type WorkerOptions,
} from 'node:worker_threads';
import { auditStore } from '../../shared/store/audit';

export type ThreadRole = 'command' | 'hash' | 'journal' | 'table' | 'history';

/** How a thread that comes to an armed place dies. */
export type DeathKind = 'exit' | 'throw' | 'memory';

/** The next `count` writes of a store's word by threads of a role are their last. */
export interface ArmedPlace {
  readonly role: ThreadRole;
  readonly word: number;
  readonly when: 'before' | 'after';
  readonly death: DeathKind;
  readonly count: number;
}

export type KillRequest =
  /** Answers with how many were told to end. */
  | { readonly kind: 'terminate'; readonly role: ThreadRole; readonly count: number }
  /** The next threads of a role are told to end when they are created. */
  | { readonly kind: 'terminateAtBirth'; readonly role: ThreadRole; readonly count: number }
  | { readonly kind: 'arm'; readonly place: ArmedPlace }
  /** Answers with the findings. Nothing may be going on. */
  | { readonly kind: 'audit' };

const roles: readonly ThreadRole[] = ['command', 'hash', 'journal', 'table', 'history'];
const deaths: readonly DeathKind[] = ['exit', 'throw', 'memory'];
const environmentKey = 'benang-kill-switch';
const armed = { role: 0, word: 1, isAfter: 2, death: 3, count: 4, words: 5 } as const;
/** Enough for every thread's work, and soon filled. */
const heapMebibytes = 128;
/** Piscina's own control words lie in smaller memory. */
const storeWordsMin = 10_000;

if (isMainThread) watchMain();
else watchThread();

function watchMain(): void {
  const place = new Int32Array(new SharedArrayBuffer(armed.words * 4));
  setEnvironmentData(environmentKey, place);
  const living: { readonly worker: Worker; readonly role: ThreadRole }[] = [];
  const doomed = new Map<ThreadRole, number>();
  let store: SharedArrayBuffer | undefined;

  class MortalWorker extends Worker {
    constructor(file: string, options: WorkerOptions = {}) {
      super(file, { ...options, resourceLimits: { maxOldGenerationSizeMb: heapMebibytes } });
      const role = roleOf(options.workerData);
      store ??= (options.workerData as { store?: SharedArrayBuffer } | undefined)?.store;
      const entry = { worker: this, role };
      living.push(entry);
      this.once('exit', () => living.splice(living.indexOf(entry), 1));
      const count = doomed.get(role) ?? 0;
      if (count === 0) return;
      doomed.set(role, count - 1);
      process.nextTick(() => void this.terminate());
    }
  }
  workerThreads.Worker = MortalWorker;

  const carryOut = (request: KillRequest): unknown => {
    switch (request.kind) {
      case 'terminate': {
        const victims = living.filter(({ role }) => role === request.role);
        // Any of them: who was asked last is not who is asked next.
        victims.sort(() => Math.random() - 0.5);
        const chosen = victims.slice(0, request.count);
        for (const { worker } of chosen) void worker.terminate();
        return chosen.length;
      }
      case 'terminateAtBirth':
        doomed.set(request.role, request.count);
        return undefined;
      case 'arm': {
        const { role, word, when, death, count } = request.place;
        place[armed.role] = roles.indexOf(role);
        place[armed.word] = word;
        place[armed.isAfter] = when === 'after' ? 1 : 0;
        place[armed.death] = deaths.indexOf(death);
        Atomics.store(place, armed.count, count);
        return undefined;
      }
      case 'audit':
        return auditStore(store!).findings;
    }
  };
  process.on('message', ({ id, request }: { id: number; request: KillRequest }) => {
    process.send!({ id, answer: carryOut(request) });
  });
}

function watchThread(): void {
  const place = getEnvironmentData(environmentKey) as Int32Array;
  const role = roles.indexOf(roleOf(workerData));
  const store = Atomics.store.bind(Atomics);
  const isLast = (words: Int32Array, word: number, isAfter: number): boolean =>
    Atomics.load(place, armed.count) > 0 &&
    words.length >= storeWordsMin &&
    place[armed.word] === word &&
    place[armed.role] === role &&
    place[armed.isAfter] === isAfter &&
    Atomics.sub(place, armed.count, 1) > 0;
  Atomics.store = ((words: Int32Array, word: number, value: number): number => {
    if (isLast(words, word, 0)) die(deaths[place[armed.death]!]!);
    const stored = store(words, word, value);
    if (isLast(words, word, 1)) die(deaths[place[armed.death]!]!);
    return stored;
  }) as typeof Atomics.store;
}

function die(death: DeathKind): void {
  switch (death) {
    case 'exit':
      process.exit(3);
      break;
    case 'throw':
      throw new Error('a flaw that a test has made');
    case 'memory':
      for (const filler: number[][] = []; ;) filler.push(new Array<number>(100_000).fill(1));
  }
}

/** Only what a thread was started with tells what it is. */
function roleOf(data: unknown): ThreadRole {
  if (typeof data !== 'object' || data === null) return 'hash';
  if ('batchArea' in data) return 'command';
  if (!('store' in data)) return 'history';
  return 'historyDays' in data ? 'table' : 'journal';
}
