// Goal: batches are adaptive, one connection has at most one under way, and what is not carried out comes back first.
import {
  type BatchSlot,
  createBatchArea,
  openBatchSlots,
  segmentFlag,
  type SegmentOutcome,
} from '../../shared/batch/batch-area';
import { DeliveryQueue } from '../../server/live/delivery-queue';
import type { BatchResult, Deferral } from '../../shared/batch/tasks';
import {
  Dispatcher,
  type LostRequests,
  type RequestSource,
  type SegmentResult,
} from '../../server/dispatcher';

const segmentBytesMax = 1_024;

/** A source with lines to take; remembers what became of them. */
class Lines implements RequestSource {
  readonly results: SegmentResult[] = [];
  unknownCount = 0;
  private readonly completions: (() => void)[] = [];

  constructor(private readonly blocks: string[]) {}

  takeLines(): Buffer | undefined {
    const block = this.blocks.shift();
    return block === undefined ? undefined : Buffer.from(block);
  }

  complete(result: SegmentResult): void {
    this.results.push(result);
    for (const resolve of this.completions.splice(0)) resolve();
  }

  completeUnknown(requestCount: number): void {
    this.unknownCount += requestCount;
  }

  completed(): Promise<void> {
    return new Promise((resolve) => this.completions.push(resolve));
  }
}

interface RunningBatch {
  readonly requests: string[];
  /** Answers every segment with its own lines. */
  echo(): void;
  /** Answers the first segment alone: for the others there was no time. */
  echoFirst(): void;
  resolve(result?: BatchResult): void;
  reject(error: Error): void;
}

function createDispatcher(underWayMax: number): {
  dispatcher: Dispatcher;
  slots: ReturnType<typeof openBatchSlots>;
  nextBatch: () => Promise<RunningBatch>;
  batches: RunningBatch[];
  losses: LostRequests[];
  /** What the gate holds. */
  released: { position: number; release: () => void }[];
} {
  const slots = openBatchSlots(createBatchArea(underWayMax + 1));
  const batches: RunningBatch[] = [];
  const waiting: (() => void)[] = [];
  const losses: LostRequests[] = [];
  const run = (index: number): Promise<BatchResult> =>
    new Promise((resolve, reject) => {
      const slot = slots[index]!;
      const segments = Array.from({ length: slot.segmentCount }, (_, segment) => segment);
      const requests = segments.map((segment) =>
        slot.requests.toString('latin1', slot.requestStart(segment), slot.requestEnd(segment)),
      );
      const echoSome = (servedCount: number): void => {
        let at = 0;
        for (const segment of segments) {
          const isServed = segment < servedCount;
          const written = isServed ? slot.replies.write(requests[segment]!, at, 'latin1') : 0;
          slot.setResult(segment, {
            consumedEnd: isServed ? slot.requestEnd(segment) : slot.requestStart(segment),
            replyStart: at,
            replyEnd: at + written,
            user: 0,
            position: 0,
            flags: 0,
          });
          at += written;
        }
        resolve(undefined);
      };
      const echo = (): void => {
        echoSome(segments.length);
      };
      const echoFirst = (): void => {
        echoSome(1);
      };
      batches.push({ requests, echo, echoFirst, resolve, reject });
      waiting.shift()?.();
    });
  let taken = 0;
  const nextBatch = async (): Promise<RunningBatch> => {
    if (batches.length === taken) await new Promise<void>((resolve) => waiting.push(resolve));
    taken += 1;
    return batches[taken - 1]!;
  };
  const released: { position: number; release: () => void }[] = [];
  const gate = { hold: (position: number, release: () => void) => void released.push({ position, release }) };
  const noSubscribers = new DeliveryQueue(() => undefined);
  const live = {
    beginBatch: () => noSubscribers.begin(0),
    endBatch: noSubscribers.end.bind(noSubscribers),
    catchUpAll: () => undefined,
  };
  const dispatcher = new Dispatcher(slots, segmentBytesMax, run, gate, live, (lost) => losses.push(lost));
  return { dispatcher, slots, nextBatch, batches, losses, released };
}

test('what is queued in one turn of the loop goes in one batch', async () => {
  const { dispatcher, nextBatch, batches } = createDispatcher(4);
  const sources = ['a\n', 'b\n', 'c\n'].map((line) => new Lines([line]));
  for (const source of sources) dispatcher.enqueue(source);
  const batch = await nextBatch();
  expect(batch.requests).toEqual(['a\n', 'b\n', 'c\n']);
  const completed = sources[2]!.completed();
  batch.echo();
  await completed;
  expect(sources.map(({ results }) => results[0]!.replies)).toEqual(['a\n', 'b\n', 'c\n']);
  expect(batches).toHaveLength(1);
});

test('many sources are shared among the free trips; while all are taken the rest piles up for the next one', async () => {
  const { dispatcher, nextBatch, batches } = createDispatcher(2);
  for (let index = 0; index < 600; index += 1) dispatcher.enqueue(new Lines([`${index}\n`]));
  const first = await nextBatch();
  const second = await nextBatch();
  expect(first.requests).toHaveLength(300);
  expect(second.requests).toHaveLength(300);
  for (let index = 600; index < 670; index += 1) dispatcher.enqueue(new Lines([`${index}\n`]));
  expect(batches).toHaveLength(2);
  first.echo();
  second.echo();
  const third = await nextBatch();
  expect(third.requests).toHaveLength(70);
  third.echo();
  await dispatcher.whenIdle();
});

test('lines written straight into the open batch leave at the end of the turn, copied', async () => {
  const { dispatcher, nextBatch } = createDispatcher(1);
  const source = new Lines([]);
  const shared = Buffer.from('ping\nrest of an older read');
  expect(dispatcher.append(source, shared, 'ping\n'.length)).toBe(true);
  shared.fill(0);
  const batch = await nextBatch();
  expect(batch.requests).toEqual(['ping\n']);
  const completed = source.completed();
  batch.echo();
  await completed;
  expect(source.results[0]!.replies).toBe('ping\n');
});

test('an open batch that is worth a trip leaves at once', () => {
  const { dispatcher, batches } = createDispatcher(2);
  for (let index = 0; index < 256; index += 1) {
    expect(batches).toHaveLength(0);
    dispatcher.append(new Lines([]), Buffer.from('x\n'), 2);
  }
  expect(batches).toHaveLength(1);
  const many = Buffer.from('x\n'.repeat(24_576));
  dispatcher.append(new Lines([]), many, many.length);
  expect(batches).toHaveLength(2);
});

test('a batch leaves at the end of the turn in which its lines came, however few they are', async () => {
  const { dispatcher, batches } = createDispatcher(1);
  for (const lines of [['alone\n'], ['one\n', 'other\n']]) {
    for (const line of lines) dispatcher.append(new Lines([]), Buffer.from(line), line.length);
    await new Promise((resolve) => setImmediate(resolve));
    expect(batches.at(-1)!.requests).toEqual(lines);
    batches.at(-1)!.echo();
    await dispatcher.whenIdle();
  }
  expect(batches).toHaveLength(2);
});

test('a few lines wait for a batch under way, and then leave', async () => {
  const { dispatcher, nextBatch, batches } = createDispatcher(2);
  dispatcher.append(new Lines([]), Buffer.from('a\n'), 2);
  const first = await nextBatch();
  dispatcher.append(new Lines([]), Buffer.from('b\n'), 2);
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect(batches).toHaveLength(1);
  first.echo();
  expect((await nextBatch()).requests).toEqual(['b\n']);
});

test('while sources wait nobody overtakes them, and a full batch takes no more', async () => {
  const { dispatcher, nextBatch } = createDispatcher(1);
  dispatcher.enqueue(new Lines(['first\n']));
  expect(dispatcher.append(new Lines([]), Buffer.from('second\n'), 7)).toBe(false);
  (await nextBatch()).echo();
  await dispatcher.whenIdle();
  const large = Buffer.alloc(100_000, '\n');
  // The first leaves at once, two more fit behind it.
  for (const fits of [true, true, true, false])
    expect(dispatcher.append(new Lines([]), large, large.length)).toBe(fits);
});

test('a source with nothing left is passed over', async () => {
  const { dispatcher, nextBatch } = createDispatcher(1);
  dispatcher.enqueue(new Lines([]));
  dispatcher.enqueue(new Lines(['x\n']));
  expect((await nextBatch()).requests).toEqual(['x\n']);
});

/** Always has a line, and queues again as soon as it has a reply, or its line comes back. */
class Endless implements RequestSource {
  replyCount = 0;
  constructor(
    private readonly line: string,
    private readonly dispatcher: Dispatcher,
  ) {}

  takeLines(): Buffer {
    return Buffer.from(this.line);
  }

  complete({ replies }: SegmentResult): void {
    if (replies !== '') this.replyCount += 1;
    this.dispatcher.enqueue(this);
  }

  completeUnknown(): void {
    throw new Error('no thread dies here');
  }
}

test.each([1, 2])(
  'who got nothing done comes first in another batch, before those who come anew: %d under way',
  async (underWayMax) => {
    const { dispatcher, nextBatch } = createDispatcher(underWayMax);
    const sources = ['a\n', 'b\n', 'c\n', 'd\n'].map((line) => new Endless(line, dispatcher));
    for (const source of sources) dispatcher.enqueue(source);
    const batchCount = 40;
    for (let count = 0; count < batchCount; count += 1) {
      const batch = await nextBatch();
      // Somebody comes while it is under way, and is served at once or goes away.
      dispatcher.append(new Lines([]), Buffer.from('new\n'), 4);
      batch.echoFirst();
    }
    for (const { replyCount } of sources) expect(replyCount).toBeGreaterThanOrEqual(batchCount / 16);
  },
);

test('lines that a worker left come back, and a deferred command with them', async () => {
  const { dispatcher, slots, nextBatch } = createDispatcher(1);
  const source = new Lines(['auth a b\nping\n']);
  dispatcher.enqueue(source);
  const batch = await nextBatch();
  const deferral: Deferral = {
    command: 'auth',
    countedAs: { kind: 'password', account: 'a', isKnown: false },
    job: { kind: 'verifyNobody', password: 'b' },
    state: {},
  };
  slots[0]!.setResult(0, {
    consumedEnd: 'auth a b\n'.length,
    replyStart: 0,
    replyEnd: 0,
    user: 7,
    position: 0,
    flags: segmentFlag.hasRest,
  });
  const completed = source.completed();
  batch.resolve([{ segment: 0, deferral }]);
  await completed;
  expect(source.results).toEqual([
    { replies: '', unconsumed: Buffer.from('ping\n'), user: 7, hasLeft: false, deferral },
  ]);
});

const outcomeOf = (slot: BatchSlot, segment: number): SegmentOutcome => ({
  consumedEnd: slot.requestEnd(segment),
  replyStart: 0,
  replyEnd: 0,
  user: 0,
  position: 0,
  flags: 0,
});

test('of a dead thread’s batch: what was done is answered, the rest of it unknown, what was not begun is run again', async () => {
  const { dispatcher, slots, nextBatch, losses, released } = createDispatcher(1);
  const [done, held, unfinished, next] = ['a\n', 'b\n', 'c\nd\n', 'e\nf\ng\n'].map(
    (line) => new Lines([line]),
  );
  for (const source of [done!, held!, unfinished!, next!]) dispatcher.enqueue(source);
  const batch = await nextBatch();
  const slot = slots[0]!;
  slot.replies.write('pong', 0, 'latin1');
  slot.begin(0);
  slot.setResult(0, { ...outcomeOf(slot, 0), replyEnd: 4, user: 3 });
  slot.begin(1);
  slot.setResult(1, { ...outcomeOf(slot, 1), position: 17, flags: segmentFlag.awaitsDisk });
  slot.begin(2);
  const completed = next!.completed();
  batch.reject(new Error('the thread died'));
  await completed;
  expect(done!.results).toEqual([
    { replies: 'pong', unconsumed: undefined, user: 3, hasLeft: false, deferral: undefined },
  ]);
  expect(released.map(({ position }) => position)).toEqual([17]);
  expect(held!.results).toHaveLength(0);
  released[0]!.release();
  expect(held!.results).toHaveLength(1);
  expect([done!, held!, unfinished!, next!].map(({ unknownCount }) => unknownCount)).toEqual([0, 0, 2, 0]);
  expect(next!.results).toEqual([
    { replies: '', unconsumed: Buffer.from('e\nf\ng\n'), user: 0, hasLeft: false, deferral: undefined },
  ]);
  expect(losses).toEqual([{ unknown: 2, repeated: 3 }]);
  await dispatcher.whenIdle();
});

test('a thread that dies between two segments leaves no unknown outcome', async () => {
  const { dispatcher, slots, nextBatch, losses } = createDispatcher(1);
  const [done, next] = ['a\n', 'b\n'].map((line) => new Lines([line]));
  for (const source of [done!, next!]) dispatcher.enqueue(source);
  const batch = await nextBatch();
  slots[0]!.begin(0);
  slots[0]!.setResult(0, outcomeOf(slots[0]!, 0));
  batch.reject(new Error('the thread died'));
  await dispatcher.whenIdle();
  expect(done!.results[0]).toMatchObject({ unconsumed: undefined });
  expect(next!.results[0]).toMatchObject({ unconsumed: Buffer.from('b\n') });
  expect(losses).toEqual([{ unknown: 0, repeated: 1 }]);
});

test.each([
  ['first', 'auth a b\nping\n', 0, ''],
  ['later', 'ping\nauth a b\nping\n', 'ping\n'.length, 'pong'],
])(
  'a deferred command that is lost with its thread is run again: %s line',
  async (_, lines, start, replies) => {
    const { dispatcher, slots, nextBatch, losses } = createDispatcher(1);
    const before = new Lines(['help\n']);
    const source = new Lines([lines]);
    for (const one of [before, source]) dispatcher.enqueue(one);
    const batch = await nextBatch();
    const slot = slots[0]!;
    slot.replies.write('pong', 0, 'latin1');
    slot.setResult(0, outcomeOf(slot, 0));
    slot.begin(1);
    const consumedEnd = slot.requestStart(1) + start + 'auth a b\n'.length;
    const outcome = { ...outcomeOf(slot, 1), consumedEnd, replyEnd: replies.length, user: 7 };
    slot.setResult(1, { ...outcome, flags: segmentFlag.hasRest });
    batch.reject(new Error('the thread died'));
    await dispatcher.whenIdle();
    const unconsumed = Buffer.from(lines.slice(start));
    expect(source.results).toEqual([{ replies, unconsumed, user: 7, hasLeft: false, deferral: undefined }]);
    expect(losses).toEqual([{ unknown: 0, repeated: 0 }]);
  },
);

test('the slot of a dead thread’s batch is used again, as if nothing had been in it', async () => {
  const { dispatcher, slots, nextBatch } = createDispatcher(1);
  dispatcher.enqueue(new Lines(['a\n']));
  const failed = await nextBatch();
  slots[0]!.begin(0);
  failed.reject(new Error('the thread died'));
  await dispatcher.whenIdle();
  dispatcher.enqueue(new Lines(['b\n']));
  (await nextBatch()).echo();
  await dispatcher.whenIdle();
  const last = new Lines(['c\n']);
  dispatcher.enqueue(last);
  const batch = await nextBatch();
  expect(batch.requests).toEqual(['c\n']);
  batch.reject(new Error('the thread died before it began'));
  await dispatcher.whenIdle();
  expect(last.unknownCount).toBe(0);
  expect(last.results[0]).toMatchObject({ unconsumed: Buffer.from('c\n') });
});

test('once it is stopped nothing is started, and a dead batch is nobody’s any more', async () => {
  const { dispatcher, nextBatch, batches, losses } = createDispatcher(2);
  const source = new Lines(['a\n']);
  dispatcher.enqueue(source);
  const batch = await nextBatch();
  dispatcher.stop();
  dispatcher.enqueue(new Lines(['b\n']));
  batch.reject(new Error('the pool ended'));
  await new Promise(setImmediate);
  expect(batches).toHaveLength(1);
  expect(losses).toEqual([]);
  expect(source.results).toEqual([]);
});

test('replies that wait for the disk are held back with their position; others of the batch are not', async () => {
  const { dispatcher, slots, nextBatch, released } = createDispatcher(1);
  const [quick, first, second] = ['q\n', 'a\n', 'b\n'].map((line) => new Lines([line]));
  for (const source of [first!, quick!, second!]) dispatcher.enqueue(source);
  const batch = await nextBatch();
  const outcome = { consumedEnd: 0, replyStart: 0, replyEnd: 0, user: 0 };
  slots[0]!.setResult(0, { ...outcome, position: 2_147_483_647, flags: segmentFlag.awaitsDisk });
  slots[0]!.setResult(1, { ...outcome, position: 0, flags: 0 });
  // Positions wrap: this one is the later.
  slots[0]!.setResult(2, { ...outcome, position: -2_147_483_648, flags: segmentFlag.awaitsDisk });
  const completed = quick!.completed();
  batch.resolve(undefined);
  await completed;
  await new Promise(setImmediate);
  expect(first!.results).toHaveLength(0);
  expect(released.map(({ position }) => position)).toEqual([-2_147_483_648]);
  released[0]!.release();
  expect(first!.results).toHaveLength(1);
  expect(second!.results).toHaveLength(1);
  await dispatcher.whenIdle();
});
