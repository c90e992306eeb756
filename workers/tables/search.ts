/**
 * Searching history: signatures tell which chunks may hold what is wanted, and only those are opened.
 */
import { wordsOf } from './chunk';
import { damaged } from './data-error';
import { type HistoryMessage, HistoryChunkReader } from './history-chunk';
import {
  bucketOf,
  conversationWith,
  historyKey,
  conversationOf,
  mixedKey,
  readUint32,
  readUint53,
  signatureKey,
  userKey,
} from './keys';
import { partitionsNewestFirst } from './partitions';
import { type ChunkPlace, partyHash, SignatureReader } from './signature';
import type { Table } from './environment';
import type { TableSet } from './table-set';
import { WordReader } from './word-reader';

export interface SearchQuery {
  /** Whose messages are searched: sent by, or to, this user… */
  readonly user: number;
  /** …or said in one of these rooms. */
  readonly rooms: readonly number[];
  /** All of these must occur; as `searchWordsOf` has them. */
  readonly words: readonly SearchWord[];
  /** Only this conversation, as `conversationOf` says it, which the user takes part in; undefined for all. */
  readonly conversation: number | undefined;
  readonly limit: number;
  /** Only what came before this sequence. */
  readonly before: number;
  /** Asked after each chunk and each group of signatures: whether to end with what was found so far. */
  readonly isOver?: () => boolean;
}

export interface SearchResult {
  /** Most recent first. */
  readonly messages: readonly HistoryMessage[];
  /** Everything from this sequence on has been searched; 0 when there is nothing before it. */
  readonly reached: number;
}

export interface SearchWord {
  readonly hash: number;
  /** Folded. */
  readonly word: string;
}

/** The words of a text that is escaped for JSON, each once. */
export function searchWordsOf(escaped: string): SearchWord[] {
  const reader = new WordReader();
  const bytes = Buffer.from(escaped, 'latin1');
  const words = new Map<string, SearchWord>();
  reader.begin(bytes, 0, bytes.length);
  while (reader.next()) words.set(reader.word, { hash: reader.hash, word: reader.word });
  return [...words.values()];
}

/**
 * The most recent messages that hold all words, at most `limit`.
 * @throws `DATA_DAMAGED`
 */
export function searchHistory(tables: TableSet, query: SearchQuery): SearchResult {
  return new Search(tables, query).run();
}

/** What was written at once, as far as it may match. */
interface Group {
  readonly firstSequence: number;
  readonly places: ChunkPlace[];
}

class Search {
  private readonly found: HistoryMessage[] = [];
  private readonly parties: readonly number[];
  private readonly rooms: ReadonlySet<number>;
  private readonly wantedHashes: ReadonlySet<number>;
  private readonly wantedWords: ReadonlySet<string>;
  private readonly bucket: number;
  private readonly signature = new SignatureReader();
  private readonly chunk = new HistoryChunkReader();
  private readonly text = new WordReader();

  constructor(
    private readonly tables: TableSet,
    private readonly query: SearchQuery,
  ) {
    const { user, rooms, conversation, words } = query;
    this.parties = [user, ...rooms.map((room) => -room)].map(partyHash);
    this.rooms = new Set(rooms);
    this.wantedHashes = new Set(words.map(({ hash }) => hash));
    this.wantedWords = new Set(words.map(({ word }) => word));
    this.bucket = conversation === undefined ? -1 : bucketOf(conversation);
  }

  run(): SearchResult {
    const { tables, query, found } = this;
    for (const { partition, row } of partitionsNewestFirst(tables)) {
      if (row.firstSequence >= query.before) continue;
      for (const group of this.groups(partition)) {
        const reached = this.searchGroup(partition, group);
        if (found.length > query.limit) {
          const messages = found.slice(0, query.limit);
          return { messages, reached: messages.at(-1)!.sequence };
        }
        if (reached > group.firstSequence || query.isOver?.() === true) return { messages: found, reached };
      }
    }
    return { messages: found, reached: 0 };
  }

  /** The chunks that may match, by group, newest group first. */
  private *groups(partition: number): Generator<Group> {
    const start = signatureKey(partition, Math.min(this.query.before, Number.MAX_SAFE_INTEGER));
    const range = { start, end: userKey(partition), reverse: true };
    let places: ChunkPlace[] = [];
    for (const key of this.tables.signatures.keys(range)) {
      const firstSequence = readUint53(key, 4);
      this.addPlaces(this.tables.signatures.peek(key)!, places);
      if (readUint32(key, 12) > 0) continue;
      yield { firstSequence, places };
      places = [];
    }
  }

  private addPlaces(page: Buffer, places: ChunkPlace[]): void {
    const { signature, query } = this;
    const words = wordsOf(page);
    if (words === undefined) throw damaged('a page of signatures is damaged');
    signature.begin(words);
    let isSignature = signature.next();
    for (; isSignature === true; isSignature = signature.next())
      if (signature.firstSequence < query.before && this.mayMatch()) places.push(signature.place);
    if (isSignature === undefined) throw damaged('a page of signatures is damaged');
  }

  private mayMatch(): boolean {
    const { signature, query } = this;
    const { conversation, words } = query;
    if (conversation !== undefined) {
      const isThere = signature.isMixed
        ? signature.bucket === this.bucket
        : conversationOf(signature.lower, signature.higher) === conversation;
      if (!isThere) return false;
    } else if (!signature.isMixed && !this.isOwn(signature.lower, signature.higher)) return false;
    for (const { hash } of words) if (!signature.mayHold(hash)) return false;
    if (conversation !== undefined || !signature.isMixed) return true;
    for (const party of this.parties) if (signature.mayHold(party)) return true;
    return false;
  }

  /** Whether the conversation of these two, as in a key, is one that is searched. */
  private isOwn(lower: number, higher: number): boolean {
    const { user } = this.query;
    return lower === 0 ? this.rooms.has(higher) : lower === user || higher === user;
  }

  /**
   * Adds what matches to `found`; of a group that holds more than enough, only the most recent. Returns the sequence from
   * which on all of the group has been searched: its first, or, when it is over before, a later one.
   */
  private searchGroup(partition: number, { firstSequence, places }: Group): number {
    const { found, query } = this;
    places.sort((a, b) => b.lastSequence - a.lastSequence);
    for (const [searched, place] of places.entries()) {
      // Nothing in this chunk or a later one is as recent as what there is.
      if (found.length > query.limit && found[query.limit]!.sequence > place.lastSequence) break;
      if (searched > 0 && query.isOver?.() === true && isWorthAStop(places, searched)) {
        const reached = place.lastSequence + 1;
        // What is older is found again, with what lies between.
        while (found.length > 0 && found.at(-1)!.sequence < reached) found.pop();
        return reached;
      }
      const before = found.length;
      this.searchChunk(partition, place);
      if (found.length === before) continue;
      found.sort((a, b) => b.sequence - a.sequence);
      found.length = Math.min(found.length, query.limit + 1);
    }
    return firstSequence;
  }

  private searchChunk(partition: number, place: ChunkPlace): void {
    const { chunk, query, found } = this;
    const { isMixed, firstSequence } = place;
    const table: Table = isMixed ? this.tables.historyMixed : this.tables.history;
    const key = isMixed
      ? mixedKey(partition, place.bucket, firstSequence)
      : historyKey(partition, conversationOf(place.lower, place.higher), firstSequence);
    const bytes = table.peek(key);
    if (bytes === undefined) throw damaged(`a chunk of ${table.name} is missing`);
    let isMessage: boolean | undefined = chunk.begin(firstSequence, bytes) ? chunk.next() : undefined;
    for (; isMessage === true; isMessage = chunk.next())
      if (chunk.sequence < query.before && this.isWanted() && this.holdsAllWords()) found.push(chunk.message);
    if (isMessage === undefined) throw damaged(`a chunk of ${table.name} is damaged`);
  }

  private isWanted(): boolean {
    const { sender, receiver } = this.chunk;
    const { user, conversation } = this.query;
    if (conversation !== undefined) return conversationWith(sender, receiver) === conversation;
    return receiver < 0 ? this.rooms.has(-receiver) : sender === user || receiver === user;
  }

  private holdsAllWords(): boolean {
    const { text, chunk, query } = this;
    // A step for every word of the text, however many are wanted and whatever their hashes: both are a stranger's choice.
    const held = new Set<string>();
    text.begin(chunk.bytes, chunk.textStart, chunk.textEnd);
    while (held.size < query.words.length && text.next()) {
      if (!this.wantedHashes.has(text.hash)) continue;
      const { word } = text;
      if (this.wantedWords.has(word)) held.add(word);
    }
    return held.size === query.words.length;
  }
}

/**
 * Chunks overlap where many conversations go on at once, and the next search opens again those that reach behind the
 * stop. While they are more than half of what was searched, to stop would cost more than to go on.
 */
function isWorthAStop(places: readonly ChunkPlace[], searched: number): boolean {
  const reached = places[searched]!.lastSequence + 1;
  let done = 0;
  for (let index = 0; index < searched; index += 1) if (places[index]!.firstSequence >= reached) done += 1;
  return done * 2 >= searched;
}
