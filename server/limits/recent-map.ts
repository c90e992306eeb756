/**
 * A map with a bound: a new entry over it takes the place of the one that was set longest ago, of those that are not
 * worth keeping.
 */

/** Entries that are looked at, at most, to find one that is not worth keeping. */
const looksMax = 16;

export class RecentMap<Value> {
  private readonly entries = new Map<string, Value>();

  /** @param isWorthKeeping Such entries are passed over, a few at a time, for others that are younger. */
  constructor(
    private readonly entriesMax: number,
    private readonly isWorthKeeping: (value: Value) => boolean = () => false,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): Value | undefined {
    return this.entries.get(key);
  }

  /** Sets an entry, which is the youngest then. */
  set(key: string, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.entriesMax) this.dropOne();
  }

  delete(key: string): boolean {
    return this.entries.delete(key);
  }

  /** From the oldest to the youngest. May be changed while it is walked. */
  [Symbol.iterator](): IterableIterator<[string, Value]> {
    return this.entries.entries();
  }

  private dropOne(): void {
    for (let looks = 0; looks < looksMax; looks += 1) {
      const [key, value] = this.oldest();
      this.entries.delete(key);
      if (!this.isWorthKeeping(value)) return;
      this.entries.set(key, value);
    }
    this.entries.delete(this.oldest()[0]);
  }

  private oldest(): [string, Value] {
    const { value } = this.entries.entries().next();
    if (value === undefined) throw new Error('a map over its bound has no entry');
    return value;
  }
}
