/** Lets threads start together: nobody passes a barrier before all have come to it. */
export class ThreadBarrier {
  private readonly words: Int32Array;
  private round = 0;

  constructor(
    readonly memory: SharedArrayBuffer,
    private readonly threads: number,
  ) {
    this.words = new Int32Array(memory);
  }

  static memoryFor(): SharedArrayBuffer {
    return new SharedArrayBuffer(4);
  }

  pass(): void {
    this.round += 1;
    const target = this.round * this.threads;
    let arrived = Atomics.add(this.words, 0, 1) + 1;
    if (arrived === target) Atomics.notify(this.words, 0);
    // Looking on for a while lets those on another core start in the same microsecond.
    for (let spin = 0; spin < spinsMax && arrived < target; spin += 1) arrived = Atomics.load(this.words, 0);
    for (; arrived < target; arrived = Atomics.load(this.words, 0)) Atomics.wait(this.words, 0, arrived);
  }
}

const spinsMax = 2_000;
