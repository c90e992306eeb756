/** Runs an operation again and again, letting its thread die one step later each time, and judges what is left. */
import { auditStore } from '../../shared/store/audit';
import { type Layout, readLayout, threadSlot } from '../../shared/store/layout';
import { Memory } from '../../shared/store/memory';
import { Store } from '../../shared/store/store';
import { type CrashScenario, preparedStore, scenarioNames, scenarioTokens } from './crash-scenarios';
import { type CrashFlaw, type CrashParts, flawedParts } from './crash-flaws';
import { CrashingMemory, ThreadDeath } from './crashing-memory';
import { exerciseStore } from './store-exercise';
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

export function exploreCrashes(scenario: CrashScenario, flaw: CrashFlaw = 'none'): Exploration {
  return new Explorer(scenario, flawedParts(flaw)).run();
}

/** The logical state, as text that compares. */
function stateOf(buffer: SharedArrayBuffer): string {
  return JSON.stringify(snapshotOf(buffer, scenarioNames, scenarioTokens));
}

class Explorer {
  private readonly prepared: SharedArrayBuffer;
  private readonly layout: Layout;
  private readonly before: string;
  private readonly violations: string[] = [];
  private doneCount = 0;

  constructor(
    private readonly scenario: CrashScenario,
    private readonly parts: CrashParts,
  ) {
    this.prepared = preparedStore(scenario);
    this.layout = readLayout(new Int32Array(this.prepared));
    this.before = stateOf(this.prepared);
  }

  run(): Exploration {
    const after = this.runToTheEnd();
    let stepsMax = 0;
    while (this.violations.length < violationsMax) {
      const buffer = copyStore(this.prepared);
      if (this.runUntilDeath(buffer, stepsMax)) break;
      this.judge(buffer, stepsMax, after);
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
    return stateOf(buffer);
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
    const isRecovered = this.parts.recover(new Memory(buffer), this.layout, dyingThread);
    if (isRecovered !== hadAttached || this.isAttached(buffer))
      this.violations.push(`${where}: recovery returned ${isRecovered}`);
    const { findings } = auditStore(buffer);
    if (findings.length > 0) {
      this.violations.push(`${where}: ${findings.slice(0, 3).join('; ')}`);
      return;
    }
    const state = stateOf(buffer);
    if (state === after && state !== this.before) this.doneCount += 1;
    if (state !== after && state !== this.before) this.violations.push(`${where}: half done: ${state}`);
    try {
      exerciseStore(buffer, this.scenario.outcome === 'STORE_FULL');
    } catch (error) {
      this.violations.push(`${where}: others cannot go on: ${String(error)}`);
    }
  }
}
