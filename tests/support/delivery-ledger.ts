/**
 * What clients know of their messages over the lives of a server that is killed again and again, and what of it a server
 * has broken. Times are counts of events in this process.
 *
 * `inbox` is the one reply that does not wait for the disk. So a message may be handed over once more after a crash, but
 * only when nothing that was asked for later had been acknowledged: the journal keeps the order of changes. And a reading
 * whose reply the crash has swallowed may have taken messages with it, which are in history then.
 */
export interface SentMessage {
  readonly text: string;
  readonly sender: string;
  readonly receiver: string;
  /** A number of the connection, which no other connection ever has. */
  readonly connection: number;
  /** Counts up on a connection. */
  readonly number: number;
  readonly askedAt: number;
  isAcknowledged: boolean;
}

/** One `inbox` request. */
export interface Reading {
  readonly receiver: string;
}

interface HandedOver {
  readonly life: number;
  readonly at: number;
  /** The reading is on disk. */
  isSettled: boolean;
}

export class DeliveryLedger {
  readonly violations: string[] = [];
  /** Handed over by one life of the server and once more by the next. */
  repeatedCount = 0;
  /** Acknowledged, and taken by a reading whose reply a crash has swallowed. */
  swallowedCount = 0;
  readonly messages = new Map<string, SentMessage>();
  private readonly handed = new Map<string, HandedOver>();
  private readonly readings = new Set<Reading>();
  private readonly swallowed = new Set<string>();
  /** The newest number of a connection that a receiver was handed over in this life. */
  private newestNumber = new Map<string, number>();
  private life = 1;
  private clock = 0;
  private newestDurableAskedAt = 0;

  get acknowledgedCount(): number {
    return [...this.messages.values()].filter(({ isAcknowledged }) => isAcknowledged).length;
  }

  /** A message about to be sent. */
  send(sender: string, receiver: string, connection: number, number: number, textBytes = 0): SentMessage {
    const text = `m${connection}.${number} `.padEnd(textBytes, '=').trimEnd();
    this.clock += 1;
    const askedAt = this.clock;
    const message = { text, sender, receiver, connection, number, askedAt, isAcknowledged: false };
    this.messages.set(text, message);
    return message;
  }

  acknowledge(message: SentMessage): void {
    message.isAcknowledged = true;
    this.newestDurableAskedAt = Math.max(this.newestDurableAskedAt, message.askedAt);
  }

  /** An `inbox` about to be asked for. A receiver has one reading at a time. */
  read(receiver: string): Reading {
    const reading = { receiver };
    this.readings.add(reading);
    return reading;
  }

  /** What an `inbox` has answered, in the order in which it says it. */
  handOver(reading: Reading, messages: readonly { readonly sender: string; readonly text: string }[]): void {
    this.readings.delete(reading);
    this.clock += 1;
    for (const { sender, text } of messages) this.handOverOne(reading.receiver, sender, text);
  }

  /** The outcome of an `inbox` is unknown: what its receiver was sent may have gone to history with it. */
  swallow(reading: Reading): void {
    this.readings.delete(reading);
    this.swallowUnseen(reading);
  }

  /** The server is dead, and all that it has answered has been noted. */
  endLife(): void {
    for (const handed of this.handed.values())
      if (handed.at < this.newestDurableAskedAt) handed.isSettled = true;
    for (const reading of this.readings) this.swallowUnseen(reading);
    this.readings.clear();
    this.newestNumber = new Map();
    this.life += 1;
  }

  /** To be called when all inboxes have been read empty. */
  judgeInboxes(): void {
    let swallowedCount = 0;
    for (const { text, receiver, isAcknowledged } of this.messages.values()) {
      if (!isAcknowledged || this.handed.has(text)) continue;
      if (this.swallowed.has(text)) swallowedCount += 1;
      else this.violations.push(`lost: ${brief(text)} to ${receiver}, in life ${this.life}`);
    }
    this.swallowedCount = swallowedCount;
  }

  /**
   * A message that was handed over although an earlier acknowledged one of the same connection was lost; undefined when
   * what was lost is a tail of each connection's messages.
   */
  firstGap(): SentMessage | undefined {
    const lostOn = new Set<number>();
    for (const message of this.messages.values()) {
      const isThere = this.handed.has(message.text) || this.swallowed.has(message.text);
      if (isThere && lostOn.has(message.connection)) return message;
      if (!isThere && message.isAcknowledged) lostOn.add(message.connection);
    }
    return undefined;
  }

  /** @param history Everything that is kept of the conversations, each in order. */
  judgeHistory(
    history: Iterable<{ readonly sender: string; readonly receiver: string; readonly text: string }>,
  ): void {
    const seen = new Set<string>();
    const newest = new Map<string, number>();
    for (const { sender, receiver, text } of history) {
      const message = this.messages.get(text);
      if (message?.sender !== sender || message.receiver !== receiver) {
        this.violations.push(`alien in history: ${brief(text)} from ${sender} to ${receiver}`);
        continue;
      }
      if (seen.has(text)) this.violations.push(`twice in history: ${brief(text)}`);
      seen.add(text);
      this.judgeOrder(newest, message, 'history');
    }
    for (const { text, isAcknowledged } of this.messages.values())
      if (isAcknowledged && !seen.has(text)) this.violations.push(`not in history: ${brief(text)}`);
  }

  private swallowUnseen({ receiver }: Reading): void {
    for (const message of this.messages.values())
      if (message.receiver === receiver && !this.handed.has(message.text)) this.swallowed.add(message.text);
  }

  private handOverOne(receiver: string, sender: string, text: string): void {
    const message = this.messages.get(text);
    if (message?.sender !== sender || message.receiver !== receiver) {
      this.violations.push(`alien: ${brief(text)} from ${sender} to ${receiver}, in life ${this.life}`);
      return;
    }
    const earlier = this.handed.get(text);
    if (earlier?.life === this.life) this.violations.push(`twice: ${brief(text)}, in life ${this.life}`);
    if (earlier?.isSettled === true)
      this.violations.push(
        `twice: ${brief(text)}, read for good in life ${earlier.life}, again in ${this.life}`,
      );
    if (earlier !== undefined) this.repeatedCount += 1;
    this.handed.set(text, { life: this.life, at: this.clock, isSettled: false });
    this.judgeOrder(this.newestNumber, message, `life ${this.life}`);
  }

  private judgeOrder(newest: Map<string, number>, message: SentMessage, where: string): void {
    const { receiver, connection, number, text } = message;
    const key = `${connection} ${receiver}`;
    if ((newest.get(key) ?? -1) >= number) this.violations.push(`out of order: ${brief(text)}, in ${where}`);
    newest.set(key, number);
  }
}

/** Long texts are filled up at their end. */
function brief(text: string): string {
  return text.slice(0, 24);
}
