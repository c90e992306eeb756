/**
 * Where a thread has found the sessions that it has seen used, so that the next use takes a few looks at the record
 * instead of a walk to it. A thread's own; direct-mapped, so that a newer session takes the place of an older one.
 *
 * Invariant: an entry's record held its token when the record had the entry's version, which was even. A record whose
 * version is still the same therefore still holds it.
 */
import type { TokenWords } from '../protocol/token';

/** A power of two. */
const entriesMax = 2_048;
const entryWords = 8;
const entry = { token: 0, record: 4, version: 5, user: 6, epoch: 7 } as const;

export class SessionCache {
  /** The entry that `find` found, or `note` filled. */
  record = 0;
  version = 0;
  user = 0;
  epoch = 0;
  private readonly entries = new Int32Array(entriesMax * entryWords);

  /** Whether there is an entry of the token; then the fields are that entry's. */
  find(token: TokenWords, hash: number): boolean {
    const { entries } = this;
    const at = (hash & (entriesMax - 1)) * entryWords;
    if (
      entries[at + entry.record] === 0 ||
      entries[at + entry.token] !== token[0] ||
      entries[at + entry.token + 1] !== token[1] ||
      entries[at + entry.token + 2] !== token[2] ||
      entries[at + entry.token + 3] !== token[3]
    )
      return false;
    this.record = entries[at + entry.record]!;
    this.version = entries[at + entry.version]!;
    this.user = entries[at + entry.user]!;
    this.epoch = entries[at + entry.epoch]!;
    return true;
  }

  /** Remembers a session whose record, at this word, was found valid at this even version. */
  note(token: TokenWords, hash: number, record: number, version: number, user: number, epoch: number): void {
    const { entries } = this;
    const at = (hash & (entriesMax - 1)) * entryWords;
    entries[at + entry.token] = token[0]!;
    entries[at + entry.token + 1] = token[1]!;
    entries[at + entry.token + 2] = token[2]!;
    entries[at + entry.token + 3] = token[3]!;
    entries[at + entry.record] = record;
    entries[at + entry.version] = version;
    entries[at + entry.user] = user;
    entries[at + entry.epoch] = epoch;
  }
}
