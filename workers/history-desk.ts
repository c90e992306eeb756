/**
 * Carries out the jobs of the history thread: finds messages and writes the reply. Knows nothing of threads.
 */
import type { HistoryJob } from '../shared/batch/history-job';
import { encodeJson, escapeText } from '../shared/protocol/json-ascii';
import { replyBytesMax, replyTerminator, searchMessagesMax } from '../shared/protocol/limits';
import { formatMessageId } from '../shared/protocol/message-id';
import { errorReply } from '../shared/protocol/reply-writer';
import type { HistoryMessage } from './tables/history-chunk';
import { conversationWith } from './tables/keys';
import { searchWordsOf } from './tables/search';
import type { Tables } from './tables/tables';

/** A job that takes longer ends with what it has found. Both look at the time between two chunks. */
const historyMsMax = 1_000;
const searchMsMax = 200;
/** Of the reply without its messages. */
const frameBytes = 256;
const namesMax = 10_000;

/** Of a user, or a room. */
interface Names {
  /** A room's with its `#`. */
  readonly name: string;
  /** Escaped for JSON. */
  readonly displayName: string;
}

export class HistoryDesk {
  /** Names never change: a user of the same name again is another user. */
  private readonly names = new Map<number, Names>();

  constructor(private readonly tables: Tables) {}

  /** The whole reply. Never longer than a reply may be. */
  answer(job: HistoryJob): string {
    return (job.kind === 'history' ? this.page(job) : this.search(job)) + replyTerminator;
  }

  private page(job: HistoryJob & { readonly kind: 'history' }): string {
    const { user, peer, limit, before = Infinity } = job;
    const conversation = conversationWith(user, peer);
    const isOver = timeLimit(historyMsMax);
    const { messages, more } = this.tables.historyPage({ conversation, limit, before, isOver });
    // Time is up and nothing was found: the client cannot go on from here, but may try again.
    if (more && messages.length === 0) return encodeJson(errorReply('BUSY'));
    const newestFirst = this.format([...messages].reverse());
    const isWhole = newestFirst.length === messages.length && !more;
    return `{"status": "OK", "messages": [${newestFirst.reverse().join(', ')}], "more": ${!isWhole}}`;
  }

  private search(job: HistoryJob & { readonly kind: 'search' }): string {
    const { user, peer, before = Infinity } = job;
    const words = searchWordsOf(escapeText(job.words));
    if (words.length === 0) return encodeJson(errorReply('BAD_COMMAND'));
    const { messages, reached } = this.tables.search({
      user,
      rooms: this.tables.roomsOf(user),
      words,
      conversation: peer === undefined ? undefined : conversationWith(user, peer),
      limit: searchMessagesMax,
      before,
      isOver: timeLimit(searchMsMax),
    });
    const formatted = this.format(messages);
    const searched = formatted.length < messages.length ? messages[formatted.length - 1]!.sequence : reached;
    const rest =
      searched === 0 ? '"more": false' : `"more": true, "before": "${formatMessageId(searched, user)}"`;
    return `{"status": "OK", "messages": [${formatted.join(', ')}], ${rest}}`;
  }

  /** As many of the messages, from the first on, as fit in a reply. */
  private format(messages: readonly HistoryMessage[]): string[] {
    const formatted: string[] = [];
    let bytes = frameBytes;
    for (const message of messages) {
      const text = this.formatMessage(message);
      bytes += text.length + 2;
      if (bytes > replyBytesMax) break;
      formatted.push(text);
    }
    return formatted;
  }

  private formatMessage({ sequence, sender, receiver, atMs, text }: HistoryMessage): string {
    const [from, to] = [this.namesOf(sender), this.namesOf(receiver)];
    return (
      `{"id": "${formatMessageId(sequence, receiver)}", "from": "${from.name}", ` +
      `"msg_from": "${from.displayName}", "to": "${to.name}", "msg_to": "${to.displayName}", ` +
      `"msg": "${Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1')}", ` +
      `"at": "${new Date(atMs).toISOString()}"}`
    );
  }

  /** @param party a user, or a room as its negative number */
  private namesOf(party: number): Names {
    const known = this.names.get(party);
    if (known !== undefined) return known;
    const names = party < 0 ? this.roomNames(-party) : this.userNames(party);
    if (names === undefined) throw new Error(`history speaks of ${party}, who was never created`);
    if (this.names.size >= namesMax) this.names.clear();
    this.names.set(party, names);
    return names;
  }

  private userNames(user: number): Names | undefined {
    const row = this.tables.user(user);
    return row && { name: row.username, displayName: row.displayName };
  }

  private roomNames(room: number): Names | undefined {
    const row = this.tables.room(room);
    return row && { name: `#${row.name}`, displayName: `#${row.name}` };
  }
}

function timeLimit(limitMs: number): () => boolean {
  const endMs = performance.now() + limitMs;
  return () => performance.now() > endMs;
}
