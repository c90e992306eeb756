/** Runs an operation again and again, letting its thread die one step later each time, and judges what is left. */
import { auditStore } from '../../shared/store/audit';
import { header } from '../../shared/store/header';
import { type Layout, readLayout } from '../../shared/store/layout';
import { threadSlot } from '../../shared/store/thread-slot';
import type { Memory } from '../../shared/store/memory';
import { Store } from '../../shared/store/store';
import type { CrashScenario } from './crash-scenario';
import { preparedStore, scenarioKeys, scenarioNames, scenarioTokens } from './crash-scenarios';
import { type CrashFlaw, type CrashParts, flawedParts } from './crash-flaws';
import { CrashingMemory, QuietMemory, ThreadDeath } from './crashing-memory';
import { exerciseStore, overtake } from './store-exercise';
import { copyStore, snapshotOf } from './store-snapshot';
import { ignoreLongWaits } from './store-values';

export interface Exploration {
  readonly crashPoints: number;
  /** How many of them left the operation done. */
  readonly doneCount: number;
  readonly violations: readonly string[];
}

const dyingThread = 2_000_001;
const violationsMax = 20;

/** `ringWords` is 0 for a store without a journal. */
export function exploreCrashes(
  scenario: CrashScenario,
  flaw: CrashFlaw = 'none',
  ringWords = 0,
): Exploration {
  return new Explorer(scenario, flawedParts(flaw), ringWords).run();
}

class Explorer {
  private readonly prepared: SharedArrayBuffer;
  private readonly layout: Layout;
  // Memory that is used again for every crash point.
  private readonly interrupted: SharedArrayBuffer;
  private readonly overtaken: SharedArrayBuffer;
  private readonly looked: SharedArrayBuffer;
  private readonly before: string;
  private readonly violations: string[] = [];
  private readonly hasJournal: boolean;
  private doneCount = 0;

  constructor(
    private readonly scenario: CrashScenario,
    private readonly parts: CrashParts,
    ringWords: number,
  ) {
    this.prepared = preparedStore(scenario, ringWords);
    this.hasJournal = ringWords > 0;
    this.layout = readLayout(new Int32Array(this.prepared));
    [this.interrupted, this.overtaken, this.looked] = [1, 2, 3].map(
      () => new SharedArrayBuffer(this.prepared.byteLength),
    ) as [SharedArrayBuffer, SharedArrayBuffer, SharedArrayBuffer];
    this.before = this.stateOf(this.prepared);
  }

  run(): Exploration {
    const after = this.runToTheEnd();
    let stepsMax = 0;
    while (this.violations.length < violationsMax) {
      const buffer = copyStore(this.prepared, this.interrupted);
      if (this.runUntilDeath(buffer, stepsMax)) break;
      const overtaken = copyStore(buffer, this.overtaken);
      this.judge(buffer, stepsMax, after);
      this.judgeOvertaken(overtaken, stepsMax);
      stepsMax += 1;
    }
    return { crashPoints: stepsMax, doneCount: this.doneCount, violations: this.violations };
  }

  /** The state after the operation when nothing interrupts it. */
  private runToTheEnd(): string {
    const buffer = copyStore(this.prepared);
    const outcome = this.attachAndOperate(new CrashingMemory(buffer));
    if (JSON.stringify(outcome) !== JSON.stringify(this.scenario.outcome))
      throw new Error(`${this.scenario.name} returned ${JSON.stringify(outcome)}`);
    const { findings } = auditStore(buffer);
    if (findings.length > 0) throw new Error(`${this.scenario.name} left ${findings.join('; ')}`);
    return this.stateOf(buffer);
  }

  /** True when the operation was through before it came to that. */
  private runUntilDeath(buffer: SharedArrayBuffer, stepsMax: number): boolean {
    try {
      this.attachAndOperate(this.parts.createMemory(buffer, stepsMax, this.layout));
      return true;
    } catch (error) {
      if (error instanceof ThreadDeath) return false;
      throw error;
    }
  }

  private attachAndOperate(memory: Memory): unknown {
    return this.scenario.operation(Store.attach(memory, dyingThread, ignoreLongWaits));
  }

  /** Others go on between the death and its recovery; a lock that the dead thread holds stops them where they are. */
  private judgeOvertaken(buffer: SharedArrayBuffer, stepsMax: number): void {
    const stopped = overtake(buffer);
    this.parts.recover(new QuietMemory(buffer), this.layout, dyingThread);
    for (const threadId of stopped) this.parts.recover(new QuietMemory(buffer), this.layout, threadId);
    const { findings } = auditStore(buffer);
    if (findings.length === 0) return;
    this.violations.push(
      `${this.scenario.name}, overtaken after ${stepsMax} steps: ${findings.slice(0, 3).join('; ')}`,
    );
  }

  /** Whether a record has been published since. */
  private hasWritten(buffer: SharedArrayBuffer): boolean {
    return new Int32Array(buffer)[header.ringTail] !== new Int32Array(this.prepared)[header.ringTail];
  }

  /** The logical state, as text that compares. */
  private stateOf(buffer: SharedArrayBuffer): string {
    return JSON.stringify(snapshotOf(buffer, scenarioNames, scenarioTokens, this.looked, scenarioKeys));
  }

  private isAttached(buffer: SharedArrayBuffer): boolean {
    const words = new Int32Array(buffer);
    const { threadSlots, threadsMax } = this.layout;
    return Array.from({ length: threadsMax }, (_, index) => threadSlots + index * threadSlot.words).some(
      (slotWord) => words[slotWord + threadSlot.claimed] === dyingThread,
    );
  }

  private judge(buffer: SharedArrayBuffer, stepsMax: number, after: string): void {
    const where = `${this.scenario.name}, after ${stepsMax} steps`;
    const hadAttached = this.isAttached(buffer);
    const recovery = this.parts.recover(new QuietMemory(buffer), this.layout, dyingThread);
    if ((recovery !== undefined) !== hadAttached || this.isAttached(buffer))
      this.violations.push(`${where}: recovery returned ${String(recovery)}`);
    const { findings } = auditStore(buffer);
    if (findings.length > 0) {
      this.violations.push(`${where}: ${findings.slice(0, 3).join('; ')}`);
      return;
    }
    const state = this.stateOf(buffer);
    if (this.hasJournal && this.hasWritten(buffer) !== (state !== this.before))
      this.violations.push(`${where}: the journal and the store disagree: ${state}`);
    if (state === after && state !== this.before) this.doneCount += 1;
    if (state !== after && state !== this.before) this.violations.push(`${where}: half done: ${state}`);
    try {
      exerciseStore(buffer, this.scenario.outcome === 'STORE_FULL');
    } catch (error) {
      this.violations.push(`${where}: others cannot go on: ${String(error)}`);
    }
  }
}
