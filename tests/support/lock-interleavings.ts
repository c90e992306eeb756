/**
 * All orders in which threads can make their steps, with the death of one of them after any step, its recovery by
 * another and a successor in its place. Schedules that lead to the same state of memory and threads are explored
 * together from there, so the number of schedules is counted, not walked. Nor is it a choice when a thread uses a word
 * of its own slot: nobody could tell whether that was before or after another's step. It may die before it all the same.
 */
import type { LockScenario } from './lock-scenarios';
import { MemoryState } from './memory-state';
import { ThreadState, waitAnswer } from './simulated-thread';

export interface InterleavingBounds {
  readonly threads: number;
  /** How often a thread that could go on is left for another. A thread that sleeps, ends or dies costs nothing. */
  readonly switchesMax: number;
  readonly killsMax: 0 | 1;
}

export interface Interleavings {
  readonly states: number;
  /** A floating-point number: there are more than integers can tell. */
  readonly schedules: number;
  /** States in which a thread died. */
  readonly deaths: number;
  readonly violations: readonly string[];
}

/** A thread that sleeps names the place of the word; awake it is 0. */
interface Actor {
  readonly state: ThreadState | 'dead' | 'unborn';
  readonly sleepsOn: number;
}

interface World {
  readonly memory: MemoryState;
  /** The threads, then the one that recovers and goes on in the dead one's place. */
  readonly actors: readonly Actor[];
  readonly switchesLeft: number;
  /** Who made the last step; -1 when it may be anybody's turn. */
  readonly turn: number;
}

const violationsMax = 5;

export function exploreInterleavings(scenario: LockScenario, bounds: InterleavingBounds): Interleavings {
  return new Explorer(scenario, bounds).run();
}

class Explorer {
  private readonly explored = new Map<string, number>();
  private readonly violations: string[] = [];
  /** The successors' first states, by the dead thread. */
  private readonly recoveries = new Map<number, ThreadState>();
  private readonly path: string[] = [];
  private deaths = 0;

  constructor(
    private readonly scenario: LockScenario,
    private readonly bounds: InterleavingBounds,
  ) {}

  run(): Interleavings {
    const actors: Actor[] = Array.from({ length: this.bounds.threads }, (_, thread) => ({
      state: new ThreadState(this.scenario.threadProgram(thread), this.scenario.places, thread),
      sleepsOn: 0,
    }));
    const schedules = this.explore({
      memory: MemoryState.of(this.scenario.initialMemory()),
      actors: [...actors, { state: 'unborn', sleepsOn: 0 }],
      switchesLeft: this.bounds.switchesMax,
      turn: -1,
    });
    return { states: this.explored.size, schedules, deaths: this.deaths, violations: this.violations };
  }

  /** How many schedules begin here. */
  private explore(world: World): number {
    const key = keyOf(world);
    const known = this.explored.get(key);
    if (known !== undefined) return known;
    if (this.violations.length >= violationsMax || !this.judge(world)) return 1;
    const schedules = this.exploreSteps(world) + this.exploreDeaths(world);
    this.explored.set(key, schedules || 1);
    return schedules || 1;
  }

  private exploreSteps(world: World): number {
    const ready = world.actors.flatMap((actor, index) => (isReady(actor) ? [index] : []));
    if (ready.length === 0) {
      this.judgeEnd(world);
      return 0;
    }
    let schedules = 0;
    for (const index of this.choices(world, ready)) {
      const isSwitch = world.turn !== index && world.turn >= 0 && ready.includes(world.turn);
      if (isSwitch && world.switchesLeft === 0) continue;
      const switchesLeft = world.switchesLeft - (isSwitch ? 1 : 0);
      for (const next of this.step({ ...world, switchesLeft, turn: index }, index)) {
        this.path.push(String(index));
        schedules += this.explore(next);
        this.path.pop();
      }
    }
    return schedules;
  }

  /** Whose steps have to be tried here: one thread's, while that step is its own affair. */
  private choices({ actors, turn }: World, ready: readonly number[]): readonly number[] {
    const isBounded = Number.isFinite(this.bounds.switchesMax);
    const alone = ready.find((index) => {
      const { state } = actors[index]!;
      if (typeof state === 'string' || (isBounded && index !== turn)) return false;
      return this.scenario.isOwn(state.slot, state.next!.place);
    });
    return alone === undefined ? ready : [alone];
  }

  private exploreDeaths(world: World): number {
    const successor = world.actors.length - 1;
    if (this.bounds.killsMax === 0 || world.actors[successor]!.state !== 'unborn') return 0;
    let schedules = 0;
    for (let thread = 0; thread < successor; thread += 1) {
      // With bounded switches a thread dies while it has its turn, or sleeps: else its death is one of another turn.
      if (Number.isFinite(this.bounds.switchesMax) && world.turn !== thread && isReady(world.actors[thread]!))
        continue;
      this.deaths += 1;
      const actors = world.actors.with(thread, { state: 'dead', sleepsOn: 0 });
      this.path.push(`death of ${thread}`);
      schedules += this.explore({
        ...world,
        actors: actors.with(successor, { state: this.recoveryOf(thread), sleepsOn: 0 }),
        turn: -1,
      });
      this.path.pop();
    }
    return schedules;
  }

  private recoveryOf(thread: number): ThreadState {
    let state = this.recoveries.get(thread);
    if (state === undefined) {
      state = new ThreadState(this.scenario.recoveryProgram(thread), this.scenario.places, thread);
      this.recoveries.set(thread, state);
    }
    return state;
  }

  /** What an actor's next access may lead to: more than one world where it may wake one of several. */
  private step(world: World, index: number): World[] {
    const state = world.actors[index]!.state as ThreadState;
    const access = state.next!;
    const found = world.memory.words[access.place]!;
    const answered = (answer: number, memory = world.memory): World => ({
      ...world,
      memory,
      actors: world.actors.with(index, { state: state.after(answer), sleepsOn: 0 }),
    });
    switch (access.kind) {
      case 'read':
        return [answered(found)];
      case 'write':
        return [answered(0, world.memory.with(access.place, access.value))];
      case 'exchange':
        return [answered(found, world.memory.with(access.place, access.value))];
      case 'compareExchange':
        return [
          answered(
            found,
            found === access.expected ? world.memory.with(access.place, access.value) : world.memory,
          ),
        ];
      case 'wait':
        if (found !== access.value) return [answered(waitAnswer.notEqual)];
        return [{ ...world, actors: world.actors.with(index, { state, sleepsOn: access.place }) }];
      case 'notify':
        return wakings(answered(0), access.place, access.count);
    }
  }

  private judge(world: World): boolean {
    const failures = world.actors.flatMap(({ state }) =>
      typeof state !== 'string' && state.failure !== undefined ? [state.failure] : [],
    );
    const inside = world.actors.filter(({ state }) => typeof state !== 'string' && state.isInside);
    if (inside.length > 1) failures.push('two threads hold one lock');
    for (const failure of failures) this.report(failure);
    return failures.length === 0;
  }

  private judgeEnd(world: World): void {
    const asleep = world.actors.flatMap(({ sleepsOn }, index) => (sleepsOn === 0 ? [] : [index]));
    if (asleep.length > 0) {
      this.report(`nobody is left to wake ${asleep.join(', ')}`);
      return;
    }
    for (const finding of this.scenario.findings(world.memory.words)) this.report(finding);
  }

  private report(violation: string): void {
    this.violations.push(`${violation}; steps of: ${shortened(this.path)}`);
  }
}

function isReady({ state, sleepsOn }: Actor): boolean {
  return typeof state !== 'string' && state.next !== undefined && sleepsOn === 0;
}

/** Wakes so many of those who sleep on a word, whichever they are. */
function wakings(world: World, place: number, count: number): World[] {
  const asleep = world.actors.flatMap(({ sleepsOn }, index) => (sleepsOn === place ? [index] : []));
  if (asleep.length === 0 || count === 0) return [world];
  return asleep.flatMap((index) => {
    const state = (world.actors[index]!.state as ThreadState).after(waitAnswer.ok);
    return wakings(
      { ...world, actors: world.actors.with(index, { state, sleepsOn: 0 }) },
      place,
      Math.min(count, asleep.length) - 1,
    );
  });
}

function keyOf({ memory, actors, switchesLeft, turn }: World): string {
  const threads = actors.map(({ state, sleepsOn }) =>
    typeof state === 'string' ? state[0] : state.id * 2 + (sleepsOn === 0 ? 0 : 1),
  );
  // Without a bound on switches it does not matter whose turn it was.
  const schedule = Number.isFinite(switchesLeft) ? `${switchesLeft},${turn}` : '';
  return `${memory.id};${threads.join()};${schedule}`;
}

/** `0 0 0 1` as `0×3 1`. */
function shortened(path: readonly string[]): string {
  const runs: { who: string; count: number }[] = [];
  for (const who of path) {
    const last = runs.at(-1);
    if (last?.who === who) last.count += 1;
    else runs.push({ who, count: 1 });
  }
  return runs.map(({ who, count }) => (count === 1 ? who : `${who}×${count}`)).join(' ');
}
