/**
 * The inboxes' counters, 64 users a row: a run of records touches many users, and a row costs the same with one in it.
 *
 * ```
 *   inboxes   page u32 = user >> 6   →   64 × ( last sequence f64 │ read through sequence f64 )
 * ```
 *
 * A number that is no live user's has -1 in both.
 */
import { damaged } from './data-error';
import { readUint32, userKey, userKeyBytes } from './keys';
import type { TableSet } from './table-set';

const usersPerPageBits = 6;
const usersPerPage = 1 << usersPerPageBits;
const pageBytes = usersPerPage * 16;
const none = -1;

/** Sequences are those of all messages of the server: an inbox has few of them. */
export interface InboxCounters {
  /** Of the newest message that was ever delivered to the inbox; 0 when none was. */
  readonly lastSequence: number;
  /** All up to here that the user had, from users and in rooms, has been read. It need not be of a message of theirs. */
  readonly readThrough: number;
}

/** Reads counters, and keeps what it read and what was changed until `write`. */
export class InboxPages {
  private readonly pages = new Map<number, Float64Array>();
  private readonly changed = new Set<number>();

  constructor(private readonly tables: TableSet) {}

  /** -1 when there is no live user of this number. */
  lastSequence(user: number): number {
    return this.page(user)[indexOf(user)]!;
  }

  /** -1 when there is no live user of this number. */
  readThrough(user: number): number {
    return this.page(user)[indexOf(user) + 1]!;
  }

  find(user: number): InboxCounters | undefined {
    const lastSequence = this.lastSequence(user);
    return lastSequence === none ? undefined : { lastSequence, readThrough: this.readThrough(user) };
  }

  setLastSequence(user: number, sequence: number): void {
    this.page(user)[indexOf(user)] = sequence;
    this.changed.add(user >>> usersPerPageBits);
  }

  setReadThrough(user: number, sequence: number): void {
    this.page(user)[indexOf(user) + 1] = sequence;
    this.changed.add(user >>> usersPerPageBits);
  }

  create(user: number): void {
    this.setLastSequence(user, 0);
    this.setReadThrough(user, 0);
  }

  remove(user: number): void {
    this.setLastSequence(user, none);
    this.setReadThrough(user, none);
  }

  /** Inside a transaction. Writes the pages that have changed. */
  write(): void {
    for (const number of Float64Array.from(this.changed).sort()) {
      const page = this.pages.get(number)!;
      this.tables.inboxes.put(userKey(number), new Uint8Array(page.buffer, page.byteOffset, page.byteLength));
    }
    this.changed.clear();
  }

  private page(user: number): Float64Array {
    const number = user >>> usersPerPageBits;
    const known = this.pages.get(number);
    if (known !== undefined) return known;
    const bytes = this.tables.inboxes.get(userKey(number));
    const page = bytes === undefined ? new Float64Array(usersPerPage * 2).fill(none) : readPage(bytes);
    if (page === undefined) throw damaged(`page ${number} of the inboxes is damaged`);
    this.pages.set(number, page);
    return page;
  }
}

/** Calls `visit` for the inbox of every live user, in order of number; `report` for a key whose row is no page. */
export function visitInboxes(
  tables: TableSet,
  visit: (user: number, counters: InboxCounters) => void,
  report: (key: Buffer) => void,
): void {
  for (const { key, value } of tables.inboxes.entries()) {
    const page = key.length === userKeyBytes ? readPage(value) : undefined;
    if (page === undefined) {
      report(key);
      continue;
    }
    const firstUser = readUint32(key, 0) * usersPerPage;
    for (let index = 0; index < usersPerPage; index += 1) {
      const [lastSequence, readThrough] = [page[index * 2]!, page[index * 2 + 1]!];
      if (lastSequence !== none) visit(firstUser + index, { lastSequence, readThrough });
    }
  }
}

function indexOf(user: number): number {
  return (user & (usersPerPage - 1)) * 2;
}

function readPage(bytes: Uint8Array): Float64Array | undefined {
  if (bytes.length !== pageBytes) return undefined;
  // A copy, because bytes that were read need not begin where a number may.
  const page = new Float64Array(Uint8Array.from(bytes).buffer);
  for (let index = 0; index < page.length; index += 2)
    if (!areCounters(page[index]!, page[index + 1]!)) return undefined;
  return page;
}

function areCounters(lastSequence: number, readThrough: number): boolean {
  if (lastSequence === none) return readThrough === none;
  return [lastSequence, readThrough].every((sequence) => Number.isSafeInteger(sequence) && sequence >= 0);
}
