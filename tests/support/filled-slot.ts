/** One batch slot with a runner of its own over a small store: what a worker does, without the worker. */
import { type BatchSlot, createBatchArea, openBatchSlots, segmentFlag } from '../../shared/batch/batch-area';
import type { Deferral } from '../../shared/batch/tasks';
import { lineBytesMaxDefault } from '../../shared/protocol/limits';
import { auditStore } from '../../shared/store/audit';
import { JournalReader } from '../../shared/store/journal-reader';
import type { StoreCapacity } from '../../shared/store/layout';
import { createStore, Store } from '../../shared/store/store';
import { BatchRunner } from '../../workers/batch-runner';
import { runHashJob } from '../../workers/password-hash';
import { LoneMemory } from './crashing-memory';
import { ignoreLongWaits, nameOf, textOf } from './store-values';

export interface SegmentOutcome {
  readonly replies: readonly string[];
  readonly unconsumed: string;
  /** Whose session was used last, or 0. */
  readonly user: number;
  readonly awaitsDisk: boolean;
  readonly deferral: Deferral | undefined;
}

const capacity = {
  threadsMax: 2,
  usersMax: 64,
  sessionsMax: 64,
  blocksMax: 60_000,
  inboxMessagesMax: 10_000,
};
const nowMs = 1_764_000_000_000;

export class FilledSlot {
  readonly store: Store;
  readonly slot: BatchSlot;
  private readonly memory: LoneMemory;
  private readonly runner: BatchRunner;
  /** How long the clock says that every long command takes. */
  longCommandMs = 0;
  private clockMs = 0;

  constructor(changes: Partial<StoreCapacity> = {}, openRegistration = true) {
    const buffer = createStore({ ...capacity, ...changes });
    this.memory = new LoneMemory(buffer);
    this.store = Store.attach(this.memory, 1, ignoreLongWaits);
    this.slot = openBatchSlots(createBatchArea(1))[0]!;
    const settings = { openRegistration, keepsHistory: true };
    // Read before and after such a command.
    this.runner = new BatchRunner(this.store, lineBytesMaxDefault, settings, () => {
      this.clockMs += this.longCommandMs;
      return this.clockMs;
    });
  }

  auditFindings(): readonly string[] {
    return auditStore(this.memory.buffer).findings;
  }

  /** Everything published so far is on disk: of a store with a journal. */
  reachDisk(): void {
    const reader = new JournalReader(this.memory);
    const run = reader.take();
    if (run !== undefined) reader.markDurable(run.end);
  }

  /** Creates a user with a real password hash. */
  createUser(name: string, displayName: string, password: string): void {
    const { newHash } = runHashJob({ kind: 'hash', password });
    const outcome = this.store.createUser(nameOf(name), textOf(displayName), textOf(newHash!));
    if (outcome !== 'OK') throw new Error(`${name}: ${outcome}`);
  }

  /** Fills a room with users of their own, who cannot log in. */
  addMembers(room: string, count: number, displayName: string): void {
    const { store } = this;
    for (let member = 1; member <= count; member += 1) {
      const name = nameOf(`member-${member}`);
      const created = store.createUser(name, textOf(displayName), textOf('hash'));
      const joined = store.rooms.join(store.credentialsOf(name)!.user, nameOf(room.slice(1)), nowMs);
      if (created !== 'OK' || joined !== 'OK') throw new Error(`member ${member}: ${created}, ${joined}`);
    }
  }

  /** Runs one batch; a segment for every run of lines. */
  run(...segments: readonly (string | Buffer)[]): SegmentOutcome[] {
    const { slot } = this;
    slot.clear();
    for (const lines of segments) slot.add(Buffer.from(lines as string));
    const deferred = this.runner.runBatch(slot, nowMs);
    return segments.map((_, segment) => ({
      replies: splitReplies(slot.copyReplies(segment)),
      unconsumed: slot.copyUnconsumed(segment).toString('latin1'),
      user: slot.user(segment),
      awaitsDisk: (slot.flags(segment) & segmentFlag.awaitsDisk) !== 0,
      deferral:
        (slot.flags(segment) & segmentFlag.hasRest) === 0
          ? undefined
          : deferred?.find((found) => found.segment === segment)?.deferral,
    }));
  }

  /** Carries a deferred command to its end. */
  finish(deferral: Deferral): string {
    if ('historyJob' in deferral) throw new Error(`${deferral.command} is for the history thread`);
    const { reply } = this.runner.finish(structuredClone(deferral), runHashJob(deferral.job), nowMs);
    return splitReplies(reply).join('|');
  }

  /** The one reply to a line, slow commands included. */
  ask(line: string): string {
    const [outcome] = this.run(`${line}\n`);
    if (outcome!.deferral !== undefined) return this.finish(outcome!.deferral);
    if (outcome!.replies.length !== 1) throw new Error(`${line}: ${outcome!.replies.length} replies`);
    return outcome!.replies[0]!;
  }

  /** Logs in and returns the token. */
  logIn(username: string, password: string): string {
    const reply = JSON.parse(this.ask(`auth ${username} ${password}`)) as { tokenid?: string };
    if (reply.tokenid === undefined) throw new Error(`${username} cannot log in: ${JSON.stringify(reply)}`);
    return reply.tokenid;
  }
}

const terminator = '\r\n\r\n';

/** Whole replies only. */
function splitReplies(replies: string): string[] {
  if (replies === '') return [];
  if (!replies.endsWith(terminator)) throw new Error(`replies end in ${JSON.stringify(replies.slice(-20))}`);
  return replies.slice(0, -terminator.length).split(terminator);
}
