/**
 * Counts connections by network, up to a bound. No I/O.
 */
export class AddressConnections {
  private readonly counts = new Map<string, number>();
  /** Networks that were refused one since they had none. */
  private readonly refused = new Set<string>();

  /** @param connectionsMax 0: any number. */
  constructor(private readonly connectionsMax: number) {}

  /** Takes a place, to be left again; false when all of the network's are taken. */
  enter(network: string): boolean {
    if (this.connectionsMax === 0) return true;
    const count = this.counts.get(network) ?? 0;
    if (count >= this.connectionsMax) return false;
    this.counts.set(network, count + 1);
    return true;
  }

  leave(network: string): void {
    if (this.connectionsMax === 0) return;
    const count = this.counts.get(network);
    if (count === undefined) throw new Error(`${network} leaves a place that it has not taken`);
    if (count > 1) {
      this.counts.set(network, count - 1);
      return;
    }
    this.counts.delete(network);
    this.refused.delete(network);
  }

  /** Whether a refusal is the network's first since it had no connection: the others are not worth a line in the log. */
  isFirstRefusal(network: string): boolean {
    if (this.refused.has(network)) return false;
    this.refused.add(network);
    return true;
  }
}
