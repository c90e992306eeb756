/**
 * The messages of a run of records, grouped by a number, such as the receiver's, each group in order.
 * Chains through one array: a message costs one look-up and no memory of its own.
 */
export class MessageGroups {
  private readonly groupOfKey = new Map<number, number>();
  private readonly keys: number[] = [];
  private readonly heads: number[] = [];
  private readonly tails: number[] = [];
  /** By message: the next of its group, or -1. */
  private readonly next: Int32Array;

  constructor(messagesMax: number) {
    this.next = new Int32Array(messagesMax);
  }

  /** Adds a message, by its number in the run, at the end of the group of `key`. Whether it is the group's first. */
  add(key: number, message: number): boolean {
    this.next[message] = -1;
    const group = this.groupOfKey.get(key);
    if (group === undefined) {
      this.groupOfKey.set(key, this.keys.length);
      this.keys.push(key);
      this.heads.push(message);
      this.tails.push(message);
      return true;
    }
    this.next[this.tails[group]!] = message;
    this.tails[group] = message;
    return false;
  }

  sortedKeys(): Float64Array {
    return Float64Array.from(this.keys).sort();
  }

  /** The first message of a group; -1 when there is none. */
  first(key: number): number {
    const group = this.groupOfKey.get(key);
    return group === undefined ? -1 : this.heads[group]!;
  }

  /** The message after another of its group; -1 after the last. */
  after(message: number): number {
    return this.next[message]!;
  }
}
