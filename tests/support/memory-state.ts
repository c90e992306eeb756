/** Contents of a simulated memory. There is one object for each, so that equal contents have equal ids. */
export class MemoryState {
  static of(words: readonly number[]): MemoryState {
    return new MemoryState(words, new Map());
  }

  readonly id: number;
  readonly #after = new Map<string, MemoryState>();

  private constructor(
    readonly words: readonly number[],
    private readonly known: Map<string, MemoryState>,
  ) {
    this.id = known.size;
    known.set(words.join(), this);
  }

  /** The contents once a word has been written. */
  with(place: number, value: number): MemoryState {
    const change = `${place}=${value}`;
    let state = this.#after.get(change);
    if (state === undefined) {
      const words = this.words.with(place, value);
      state = this.known.get(words.join()) ?? new MemoryState(words, this.known);
      this.#after.set(change, state);
    }
    return state;
  }
}
