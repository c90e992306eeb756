// Goal: a thread may die at any step of a change: after its recovery the change is there if, and only if, its record is.
import { auditStore } from '../../shared/store/audit';
import { forEachRecord, type JournalRecord } from '../../shared/journal/record';
import { JournalReader } from '../../shared/store/journal-reader';
import { header } from '../../shared/store/header';
import { type Layout, readLayout } from '../../shared/store/layout';
import { threadSlot } from '../../shared/store/thread-slot';
import { Memory } from '../../shared/store/memory';
import { recoverThread } from '../../shared/store/recovery';
import { createStore, Store } from '../../shared/store/store';
import { CrashingMemory, LoneMemory, ThreadDeath } from '../support/crashing-memory';
import { takeMessages } from '../support/inbox-collector';
import { movePositions } from '../support/ring-follower';
import { copyStore, snapshotOf } from '../support/store-snapshot';
import { filledText, ignoreLongWaits, nameOf, textOf, tokenOf } from '../support/store-values';

const capacity = {
  threadsMax: 4,
  usersMax: 8,
  sessionsMax: 16,
  blocksMax: 2_000,
  inboxMessagesMax: 100,
  ringWords: 131_072,
};
const names = ['anna', 'bob'];
const tokens = [1, 2, 3];
const preparingThread = 7;
const dyingThread = 8;

/** Where the ring's next record goes. */
type Place = 'at the ring’s beginning' | 'where it needs a filler of one word' | 'past 2^31';
const places: readonly Place[] = [
  'at the ring’s beginning',
  'where it needs a filler of one word',
  'past 2^31',
];

interface Operation {
  readonly name: string;
  readonly run: (store: Store) => unknown;
  readonly record: Partial<JournalRecord>;
}

const operations: readonly Operation[] = [
  {
    name: 'send',
    run: (store) => store.mail.send(1, nameOf('bob'), textOf(filledText('new', 300)), 5),
    record: { kind: 'message', receiver: 2, sender: 1, sequence: 4 },
  },
  {
    name: 'takeInbox',
    run: (store) => takeMessages(store, 2, { messagesMax: 2 }),
    record: { kind: 'read', user: 2, sequence: 2 },
  },
  {
    name: 'openSession',
    run: (store) => store.openSession(store.credentialsOf(nameOf('bob'))!, tokenOf(3), 5),
    record: { kind: 'sessionOpened', user: 2, token: tokenOf(3) },
  },
  {
    name: 'closeSession',
    run: (store) => store.closeSession(tokenOf(1)),
    record: { kind: 'sessionClosed', token: tokenOf(1) },
  },
  {
    name: 'createUser',
    run: (store) => store.createUser(nameOf('carol'), textOf('Carol'), textOf('hash'), 5),
    record: { kind: 'userCreated', user: 3, username: 'carol' },
  },
];

function preparedStore(place: Place): SharedArrayBuffer {
  const buffer = createStore(capacity);
  const memory = new LoneMemory(buffer);
  const layout = readLayout(memory.words);
  const store = Store.attach(memory, preparingThread, ignoreLongWaits);
  for (const name of names) store.createUser(nameOf(name), textOf(name), textOf('hash'), 1);
  for (const token of [1, 2]) store.openSession(store.credentialsOf(nameOf('anna'))!, tokenOf(token), 1);
  for (const textBytes of [10, 200, 30])
    store.mail.send(1, nameOf('bob'), textOf(filledText('old', textBytes)), 1);
  recoverThread(memory, layout, preparingThread);
  if (place === 'at the ring’s beginning') movePositions(buffer, 0);
  if (place === 'where it needs a filler of one word') movePositions(buffer, capacity.ringWords - 1);
  // The position passes from positive to negative within the record.
  if (place === 'past 2^31') movePositions(buffer, 2 ** 31 - 2);
  return buffer;
}

/** What a reader of the ring would take. */
function publishedRecords(buffer: SharedArrayBuffer): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (const part of new JournalReader(new Memory(buffer)).take()?.parts ?? [])
    forEachRecord(new Int32Array(part.buffer, part.byteOffset, part.byteLength / 4), (record) => {
      records.push(record);
    });
  return records;
}

function stateOf(buffer: SharedArrayBuffer): string {
  return JSON.stringify(snapshotOf(buffer, [...names, 'carol'], tokens));
}

/** Memory on which the tail that a publishing will leave is never written down. */
class ForgetfulMemory extends CrashingMemory {
  private readonly layout: Layout;

  constructor(buffer: SharedArrayBuffer, stepsMax?: number) {
    super(buffer, stepsMax);
    this.layout = readLayout(this.words);
  }

  override write(word: number, value: number): void {
    const { threadSlots, userBuckets } = this.layout;
    const isOfSlot = word >= threadSlots && word < userBuckets;
    const isIntent = isOfSlot && (word - threadSlots) % threadSlot.words === threadSlot.intendedTail;
    super.write(word, isIntent ? -1 : value);
  }
}

interface Findings {
  readonly crashPoints: number;
  readonly publishedCount: number;
  readonly violations: readonly string[];
}

/** Lets the thread die at its first step, its second and so on until the operation is through. */
function explore({ run, record }: Operation, place: Place, MemoryOfThread: typeof CrashingMemory): Findings {
  const prepared = preparedStore(place);
  const before = stateOf(prepared);
  const whole = copyStore(prepared);
  run(Store.attach(new CrashingMemory(whole), dyingThread, ignoreLongWaits));
  const after = stateOf(whole);
  const violations: string[] = [];
  let publishedCount = 0;
  for (let step = 0; ; step += 1) {
    const buffer = copyStore(prepared);
    try {
      run(Store.attach(new MemoryOfThread(buffer, step), dyingThread, ignoreLongWaits));
      return { crashPoints: step, publishedCount, violations };
    } catch (error) {
      if (!(error instanceof ThreadDeath)) throw error;
    }
    recoverThread(new Memory(buffer), readLayout(new Int32Array(buffer)), dyingThread);
    const records = publishedRecords(buffer);
    const isPublished = records.length > 0;
    if (isPublished) publishedCount += 1;
    const { findings } = auditStore(buffer);
    const state = stateOf(buffer);
    if (findings.length > 0) violations.push(`step ${step}: ${findings[0]!}`);
    if (state !== (isPublished ? after : before)) violations.push(`step ${step}: published: ${isPublished}`);
    if (isPublished && !isSameRecord(records, record)) violations.push(`step ${step}: another record`);
    if (new Int32Array(buffer)[header.ringDurable] !== new Int32Array(prepared)[header.ringDurable])
      violations.push(`step ${step}: the durable position has moved`);
  }
}

function isSameRecord(records: readonly JournalRecord[], expected: Partial<JournalRecord>): boolean {
  const [record] = records;
  if (records.length !== 1 || record === undefined) return false;
  const known = record as Readonly<Record<string, unknown>>;
  return Object.entries(expected).every(([key, value]) => String(known[key]) === String(value));
}

describe.each(places)('%s:', (place) => {
  test.each(operations)('$name', (operation) => {
    const { crashPoints, publishedCount, violations } = explore(operation, place, CrashingMemory);
    expect(violations).toEqual([]);
    // Both sides of the commit were reached.
    expect(publishedCount).toBeGreaterThan(0);
    expect(crashPoints).toBeGreaterThan(publishedCount);
  });
});

test.each(operations)(
  'a thread that does not write down the tail it will leave is noticed: $name',
  (operation) => {
    const { violations } = explore(operation, 'at the ring’s beginning', ForgetfulMemory);
    expect(violations.join('\n')).toMatch(/published: true/);
  },
);
