/**
 * The idempotency keys of posts, kept for a day: written as they come, many in one value, never looked up here. A
 * start hands them to the store, which does the looking up.
 */
import { ChunkWriter, type PostedKey, readKeysChunk, sequenceOf } from './chunk';
import { damaged } from './data-error';
import { postedKeysKey, postedKeysKeyBytes, readUint32, readUint53 } from './keys';
import type { TableSet } from './table-set';

/** The keys that one run of records brings. */
export class PostedKeyChanges {
  private readonly chunk = new ChunkWriter();
  private lastSequence = 0;

  constructor(
    private readonly tables: TableSet,
    private readonly words: Int32Array,
  ) {
    this.chunk.beginKeys();
  }

  /** Adds the key of the message at a word offset. They come in order of sequence. */
  add(at: number): void {
    if (!this.chunk.addKey(this.words, at)) {
      this.write();
      this.chunk.beginKeys();
      if (!this.chunk.addKey(this.words, at)) throw damaged('an idempotency key is longer than a chunk');
    }
    this.lastSequence = sequenceOf(this.words, at);
  }

  /** Inside a transaction. Writes what is left. */
  write(): void {
    const { count } = this.chunk;
    if (count > 0) this.tables.postedKeys.put(postedKeysKey(this.lastSequence, count), this.chunk.bytes());
  }
}

/** All keys, the newest first, so that a reader may stop when it has enough. */
export function* loadPostedKeys({ postedKeys }: TableSet): Generator<PostedKey> {
  for (const { key, value } of postedKeys.entries({ reverse: true }))
    yield* readPostedKeys(key, value).reverse();
}

/** What is to be forgotten. */
export interface PostedKeysLimit {
  /** Keys of posts before this time… */
  readonly beforeMs: number;
  /** …and those before the newest so many. */
  readonly keysMax: number;
}

/**
 * Forgets keys from the oldest on, in whole chunks: never one within the limits, and one beyond them when its chunk holds
 * none that is within. At most `chunksMax` chunks go, in one transaction. Returns how many went; call again until that
 * is 0.
 * @throws `DATA_DAMAGED`, `DATA_WRITE_FAILED`
 */
export function expirePostedKeys(tables: TableSet, limit: PostedKeysLimit, chunksMax: number): number {
  const { postedKeys } = tables;
  const excessEnd = endOfExcess(tables, limit.keysMax);
  const expired: Buffer[] = [];
  for (const { key, value } of postedKeys.entries({ limit: chunksMax })) {
    const isExcess = Buffer.compare(key, excessEnd) < 0;
    // Not the last alone: the clock may have been set back meanwhile.
    if (!isExcess && readPostedKeys(key, value).some(({ atMs }) => atMs >= limit.beforeMs)) break;
    expired.push(key);
  }
  if (expired.length === 0) return 0;
  return tables.environment.write(() => {
    for (const key of expired) postedKeys.remove(key);
    return expired.length;
  });
}

/** The key of the first chunk that is needed for the newest so many keys. */
function endOfExcess({ postedKeys }: TableSet, keysMax: number): Buffer {
  let count = 0;
  let end: Buffer = Buffer.alloc(0);
  for (const key of postedKeys.keys({ reverse: true })) {
    if (count >= keysMax) return end;
    count += readUint32(key, postedKeysKeyBytes - 4);
    end = key;
  }
  return Buffer.alloc(0);
}

function readPostedKeys(key: Buffer, value: Buffer): PostedKey[] {
  const posted = key.length === postedKeysKeyBytes ? readKeysChunk(value) : undefined;
  if (posted?.at(-1)?.sequence !== readUint53(key, 0)) throw damaged('idempotency keys are damaged');
  return posted;
}
