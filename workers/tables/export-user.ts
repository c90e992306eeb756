/**
 * One user's data as plain objects, for JSON lines: what a person may ask for. No password, no token.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { findUser, findUserNumber, sessionKeysOf } from './accounts';
import { readHistoryChunk } from './chunk';
import { damaged } from './data-error';
import { conversationOfKey, higherUser, lowerUser, readUint53 } from './keys';
import { loadUnread } from './load';
import type { Table } from './environment';
import type { TableSet } from './table-set';

/** After so many keys other work gets its turn. */
const keysPerTurn = 10_000;

export type ExportLine =
  | {
      readonly type: 'account';
      readonly username: string;
      readonly displayName: string;
      readonly createdAt: string;
      readonly sessionCount: number;
    }
  | {
      readonly type: 'unread';
      readonly sequence: number;
      readonly from: string;
      readonly at: string;
      readonly text: string;
    }
  | {
      readonly type: 'history';
      readonly position: number;
      readonly from: string;
      readonly to: string;
      readonly at: string;
      readonly text: string;
    };

/**
 * The account, its unread messages in order, then its history: by partition, in the order of its chunks. Nothing when
 * no live user has this (folded) name. Reads every key of history.
 * @throws `DATA_DAMAGED`
 */
export async function* exportUser(tables: TableSet, username: string): AsyncGenerator<ExportLine> {
  const user = findUserNumber(tables, username);
  const row = user === undefined ? undefined : findUser(tables, user);
  if (user === undefined || row === undefined) return;
  const names = new Names(tables);
  yield {
    type: 'account',
    username: row.username,
    displayName: unescape(row.displayName),
    createdAt: timeText(row.createdAtMs),
    sessionCount: sessionKeysOf(tables, user).length,
  };
  for (const { sequence, sender, atMs, text } of loadUnread(tables, user)) {
    yield { type: 'unread', sequence, from: names.of(sender), at: timeText(atMs), text: textOf(text) };
  }
  const own = (key: Buffer): boolean => {
    const conversation = conversationOfKey(key);
    return lowerUser(conversation) === user || higherUser(conversation) === user;
  };
  yield* exportHistory(tables.history, user, own, names);
  yield* exportHistory(tables.historyMixed, user, () => true, names);
}

async function* exportHistory(
  table: Table,
  user: number,
  mayHold: (key: Buffer) => boolean,
  names: Names,
): AsyncGenerator<ExportLine> {
  let keyCount = 0;
  for (const key of table.keys()) {
    keyCount += 1;
    if (keyCount % keysPerTurn === 0) await nextTurn();
    const value = mayHold(key) ? table.get(key) : undefined;
    if (value === undefined) continue;
    const messages = readHistoryChunk(readUint53(key, key.length - 8), value);
    if (messages === undefined) throw damaged(`a chunk of ${table.name} is damaged`);
    for (const { position, sender, receiver, atMs, text } of messages) {
      if (sender !== user && receiver !== user) continue;
      const [from, to] = [names.of(sender), names.of(receiver)];
      yield { type: 'history', position, from, to, at: timeText(atMs), text: textOf(text) };
    }
  }
}

/** Usernames by number, tombstones included. */
class Names {
  private readonly known = new Map<number, string>();

  constructor(private readonly tables: TableSet) {}

  of(user: number): string {
    const known = this.known.get(user);
    if (known !== undefined) return known;
    const row = findUser(this.tables, user);
    if (row === undefined) throw damaged(`history speaks of user ${user}, who was never created`);
    this.known.set(user, row.username);
    return row.username;
  }
}

function timeText(atMs: number): string {
  return new Date(atMs).toISOString();
}

function textOf(text: Uint8Array): string {
  return unescape(Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1'));
}

/** Texts are kept as they stand between the quotes of a JSON string. */
function unescape(escaped: string): string {
  return JSON.parse(`"${escaped}"`) as string;
}
