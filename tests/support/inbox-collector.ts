/** Takes messages out of an inbox as plain texts, up to a bound, and checks the order of the store's calls. */
import type { InboxReader } from '../../shared/store/message-readers';
import type { Store } from '../../shared/store/store';
import { TextRuns } from './text-runs';

export interface TakenMessage {
  readonly sender: number;
  readonly text: string;
}

export interface CollectorBounds {
  readonly textBytesMax?: number;
  readonly messagesMax?: number;
  /** Called before the first message is judged, while the inbox is locked. */
  readonly onFirst?: () => void;
}

export class InboxCollector implements InboxReader {
  /** As the store handed them over: by sender, the sender with the oldest message first. */
  readonly bySender: { readonly sender: number; readonly texts: string[] }[] = [];
  private readonly arrivals: number[] = [];
  private bytes = 0;
  private hasRefused = false;

  constructor(
    private readonly store: Store,
    private readonly bounds: CollectorBounds = {},
  ) {}

  accepts(sender: number, textBytes: number, isFirstOfSender: boolean): boolean {
    const { textBytesMax = Infinity, messagesMax = Infinity, onFirst } = this.bounds;
    if (this.hasRefused) throw new Error('the store asked for one more message after a refused one');
    if (isFirstOfSender === this.arrivals.includes(sender))
      throw new Error(`sender ${sender} is wrongly ${isFirstOfSender ? 'new' : 'known'}`);
    if (this.arrivals.length === 0) onFirst?.();
    if (this.bytes + textBytes > textBytesMax || this.arrivals.length >= messagesMax) {
      this.hasRefused = true;
      return false;
    }
    this.bytes += textBytes;
    this.arrivals.push(sender);
    return true;
  }

  sender(sender: number): void {
    this.bySender.push({ sender, texts: [] });
  }

  message(firstBlock: number, textBytes: number): void {
    const runs = new TextRuns();
    this.store.mail.copyText(firstBlock, textBytes, runs);
    this.bySender.at(-1)!.texts.push(runs.text);
  }

  /** The messages handed over, which should be those that were accepted. */
  get messageCount(): number {
    return this.bySender.reduce((sum, { texts }) => sum + texts.length, 0);
  }

  /** The same messages in order of arrival. */
  inOrderOfArrival(): TakenMessage[] {
    const left = new Map(this.bySender.map(({ sender, texts }) => [sender, [...texts]]));
    return this.arrivals.map((sender) => ({ sender, text: left.get(sender)!.shift()! }));
  }
}

/** Takes what the bounds allow, in order of arrival. */
export function takeMessages(store: Store, user: number, bounds: CollectorBounds = {}): TakenMessage[] {
  const collector = new InboxCollector(store, bounds);
  const outcome = store.mail.take(user, collector);
  if (outcome !== 'OK') throw new Error(`the inbox was not taken: ${outcome}`);
  const taken = collector.inOrderOfArrival();
  if (collector.messageCount !== taken.length)
    throw new Error(`${taken.length} messages were accepted, ${collector.messageCount} were handed over`);
  return taken;
}

/** Takes all there is, however often one has to ask: a single take has a bound of its own. */
export function takeAllMessages(store: Store, user: number): TakenMessage[] {
  const all: TakenMessage[] = [];
  for (;;) {
    const taken = takeMessages(store, user);
    if (taken.length === 0) return all;
    for (const message of taken) all.push(message);
  }
}
