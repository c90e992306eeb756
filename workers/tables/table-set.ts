/**
 * All tables of a data directory, opened under a known format.
 */
import { DataError, damaged } from './data-error';
import type { Environment, Table } from './environment';
import { readNumberRow, writeNumberRow } from './rows';

/** Raised whenever a key, a row or a chunk changes its meaning. */
export const dataFormat = 2;

const formatKey = Buffer.from('format');
const appliedKey = Buffer.from('applied');
const sequenceKey = Buffer.from('sequence');
const newestRoomKey = Buffer.from('newest-room');

export interface TableSet {
  readonly environment: Environment;
  readonly meta: Table;
  readonly users: Table;
  readonly names: Table;
  readonly inboxes: Table;
  readonly sessions: Table;
  readonly sessionsOfUsers: Table;
  readonly unread: Table;
  readonly rooms: Table;
  readonly members: Table;
  readonly roomsOfUsers: Table;
  readonly roomUnread: Table;
  readonly postedKeys: Table;
  readonly partitions: Table;
  readonly history: Table;
  readonly historyMixed: Table;
  readonly signatures: Table;
}

/**
 * Opens all tables. The format is known to be ours before any table but `meta` is touched.
 * @throws `DATA_FORMAT_UNKNOWN`, `DATA_DAMAGED`
 */
export function openTableSet(environment: Environment): TableSet {
  const meta = environment.table('meta');
  const formatRow = meta.get(formatKey);
  if (formatRow !== undefined) requireFormat(formatRow);
  const set: TableSet = {
    environment,
    meta,
    users: environment.table('users'),
    names: environment.table('names'),
    inboxes: environment.table('inboxes'),
    sessions: environment.table('sessions'),
    sessionsOfUsers: environment.table('sessions-of-users'),
    unread: environment.table('unread'),
    rooms: environment.table('rooms'),
    members: environment.table('members'),
    roomsOfUsers: environment.table('rooms-of-users'),
    roomUnread: environment.table('room-unread'),
    postedKeys: environment.table('keys'),
    partitions: environment.table('partitions'),
    history: environment.table('history'),
    historyMixed: environment.table('history-mixed'),
    signatures: environment.table('signatures'),
  };
  if (formatRow === undefined) writeFormat(set);
  return set;
}

/** The journal position up to which the tables are current. */
export function readApplied({ meta }: TableSet): number {
  const row = meta.get(appliedKey);
  const applied = row === undefined ? undefined : readNumberRow(row);
  if (applied === undefined) throw damaged('the position up to which the tables are current is missing');
  return applied;
}

/** The newest sequence that was ever given, as far as the tables know; 0 when none was. */
export function readSequence({ meta }: TableSet): number {
  const row = meta.get(sequenceKey);
  const sequence = row === undefined ? undefined : readNumberRow(row);
  if (sequence === undefined) throw damaged('the newest sequence is missing');
  return sequence;
}

/** The newest number that was ever given to a room; 0 when none was. */
export function readNewestRoom({ meta }: TableSet): number {
  const row = meta.get(newestRoomKey);
  const room = row === undefined ? 0 : readNumberRow(row);
  if (room === undefined) throw damaged('the newest room’s number is damaged');
  return room;
}

/** Inside a transaction. */
export function writeNewestRoom({ meta }: TableSet, room: number): void {
  meta.put(newestRoomKey, writeNumberRow(room));
}

/** Inside a transaction. */
export function writeProgress({ meta }: TableSet, applied: number, sequence: number): void {
  meta.put(appliedKey, writeNumberRow(applied));
  meta.put(sequenceKey, writeNumberRow(sequence));
}

function requireFormat(row: Buffer): void {
  const found = readNumberRow(row);
  if (found === undefined) throw damaged('the data format’s number is damaged');
  if (found !== dataFormat) {
    throw new DataError(
      'DATA_FORMAT_UNKNOWN',
      `the data is of format ${found}, this version supports format ${dataFormat}`,
    );
  }
}

/** Tables without a format are fresh, or the making of fresh ones was interrupted: they hold nothing. */
function writeFormat(set: TableSet): void {
  const { environment, ...tables } = set;
  for (const table of Object.values(tables))
    if (table.entryCount() > 0)
      throw damaged(`the data format’s number is missing, yet ${table.name} is not empty`);
  if (environment.readOnly) throw new DataError('DATA_MISSING', `no data in ${environment.folder}`);
  environment.write(() => {
    set.meta.put(formatKey, writeNumberRow(dataFormat));
    writeProgress(set, 0, 0);
  });
}
