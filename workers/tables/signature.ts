/**
 * Signatures: what a search reads instead of the chunks of history. Each says where its chunk is and, by a Bloom
 * filter, which words and whose messages may be in it. What a filter denies is not there; what it affirms is there
 * but for one time in a hundred.
 *
 * In 32-bit words, many of them in one value, a *page*:
 *
 * ```
 *   filter words, or their complement for a mixed chunk │ bucket, or lower user │ higher user; 0 for a mixed chunk
 *   │ first sequence ×2 │ last sequence, from the first │ filter…
 * ```
 */
import { highWord, joinWords, lowWord } from '../../shared/journal/record';
import { mix } from './mix';
import { chunkWordsMax } from './chunk';
import { WordReader } from './word-reader';

const entryHeaderWords = 6;
const bitsPerElement = 10;
const probes = 4;
const twoTo32 = 2 ** 32;
/** A power of two well above the words and users that a chunk can hold. */
const elementSlots = 16_384;
/** Keeps the hashes of users apart from those of words. */
const partySalt = 0x5bd1e995;

/** Where a chunk of history is, and the sequences of its first and last message. */
export interface ChunkPlace {
  readonly isMixed: boolean;
  /** Of a mixed chunk. */
  readonly bucket: number;
  /** Of a chunk of one conversation: its users, as in its key. */
  readonly lower: number;
  readonly higher: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** A user's number, or a room's as negative, as an element of filters. */
export function partyHash(party: number): number {
  return mix(party ^ partySalt);
}

/** Gathers the elements of one chunk's filter, each once. */
export class FilterElements {
  /** By slot: the chunk that it was filled for, so that nothing has to be cleared between two; then what with. */
  private readonly slots = new Int32Array(elementSlots * 2);
  private readonly elements = new Int32Array(elementSlots / 2);
  private readonly words = new WordReader();
  private chunk = 0;
  private count = 0;

  begin(): void {
    this.chunk += 1;
    this.count = 0;
  }

  addParty(party: number): void {
    this.add(partyHash(party));
  }

  /** Adds the words of the text in `bytes[start, end)`, escaped for JSON. */
  addText(bytes: Uint8Array, start: number, end: number): void {
    const { words } = this;
    words.begin(bytes, start, end);
    while (words.next()) this.add(words.hash);
  }

  get filterWords(): number {
    return Math.max(1, Math.ceil((this.count * bitsPerElement) / 32));
  }

  /** Writes the filter to `target`, where there are zeros. */
  writeFilter(target: Int32Array, at: number): void {
    const { filterWords } = this;
    for (let index = 0; index < this.count; index += 1) {
      let hash = this.elements[index]!;
      const step = stepOf(hash);
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = bitOf(hash, filterWords);
        target[at + (bit >>> 5)]! |= 1 << (bit & 31);
        hash = (hash + step) | 0;
      }
    }
  }

  private add(hash: number): void {
    const { slots, chunk } = this;
    let slot = (hash & (elementSlots - 1)) * 2;
    while (slots[slot] === chunk) {
      if (slots[slot + 1] === hash) return;
      slot = (slot + 2) & (elementSlots * 2 - 1);
    }
    slots[slot] = chunk;
    slots[slot + 1] = hash;
    this.elements[this.count] = hash;
    this.count += 1;
  }
}

/** A page of signatures, being filled. `bytes` is valid until the next change. */
export class SignaturePageWriter {
  private readonly words = new Int32Array(chunkWordsMax);
  private lengthWords = 0;

  get isEmpty(): boolean {
    return this.lengthWords === 0;
  }

  /** Begins with what a page holds already, so that more can be added to it. */
  begin(page?: Int32Array): void {
    this.lengthWords = page?.length ?? 0;
    if (page !== undefined) this.words.set(page);
  }

  /** Adds the signature of a chunk. False when the page has no room for it. */
  add(place: ChunkPlace, elements: FilterElements): boolean {
    const { words } = this;
    const { filterWords } = elements;
    const at = this.lengthWords;
    const end = at + entryHeaderWords + filterWords;
    if (end > chunkWordsMax) return false;
    words[at] = place.isMixed ? ~filterWords : filterWords;
    words[at + 1] = place.isMixed ? place.bucket : place.lower;
    words[at + 2] = place.higher;
    words[at + 3] = lowWord(place.firstSequence);
    words[at + 4] = highWord(place.firstSequence);
    words[at + 5] = place.lastSequence - place.firstSequence;
    words.fill(0, at + entryHeaderWords, end);
    elements.writeFilter(words, at + entryHeaderWords);
    this.lengthWords = end;
    return true;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.words.buffer, 0, this.lengthWords * 4);
  }
}

/** Goes through the signatures of one page. Its fields describe the one it is at. */
export class SignatureReader {
  isMixed = false;
  bucket = 0;
  lower = 0;
  higher = 0;
  firstSequence = 0;
  lastSequence = 0;

  private words: Int32Array = new Int32Array(0);
  private filter = 0;
  private filterWords = 0;

  /** Goes before the first signature of a page. */
  begin(words: Int32Array): void {
    this.words = words;
    this.filter = 0;
    this.filterWords = 0;
  }

  /** Goes to the next signature; false after the last, undefined when the bytes are no signature. */
  next(): boolean | undefined {
    const { words } = this;
    const at = this.filter + this.filterWords;
    if (at === words.length) return false;
    const size = words[at]!;
    this.isMixed = size < 0;
    this.filterWords = this.isMixed ? ~size : size;
    this.filter = at + entryHeaderWords;
    if (this.filterWords < 1 || this.filter + this.filterWords > words.length) return undefined;
    this.bucket = this.isMixed ? words[at + 1]! : 0;
    this.lower = this.isMixed ? 0 : words[at + 1]!;
    this.higher = words[at + 2]!;
    this.firstSequence = joinWords(words[at + 3]!, words[at + 4]!);
    this.lastSequence = this.firstSequence + (words[at + 5]! >>> 0);
    return true;
  }

  /** Whether an element may be in the chunk; never false when it is. */
  mayHold(element: number): boolean {
    const { words, filter, filterWords } = this;
    let hash = element;
    const step = stepOf(element);
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = bitOf(hash, filterWords);
      if ((words[filter + (bit >>> 5)]! & (1 << (bit & 31))) === 0) return false;
      hash = (hash + step) | 0;
    }
    return true;
  }

  get place(): ChunkPlace {
    const { isMixed, bucket, lower, higher, firstSequence, lastSequence } = this;
    return { isMixed, bucket, lower, higher, firstSequence, lastSequence };
  }
}

/** A hash as a bit of a filter: the high bits of their product, which any length does for. */
function bitOf(hash: number, filterWords: number): number {
  return Math.floor(((hash >>> 0) * (filterWords * 32)) / twoTo32);
}

function stepOf(hash: number): number {
  return mix(hash) | 1;
}
