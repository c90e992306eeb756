/**
 * Fills a fresh store from what is on disk: the tables' rows, then the rest of the journal. The same for a start and
 * for `chat-server check`.
 */
import type { PayloadVisitor } from '../shared/journal/journal-sink';
import { forEachRecord } from '../shared/journal/record';
import type { StoreLoader } from '../shared/store/store-loader';
import type { Tables } from './tables/tables';

export interface LoadedRows {
  /** Users, sessions, rooms, members, messages, idempotency keys and records together. */
  readonly rows: number;
  /** Records of the journal that the tables had not taken over. */
  readonly replayed: number;
}

/**
 * @param readRest visits the journal's payloads from the tables' position on.
 * @param onRow hears how many rows are loaded, after each.
 * @throws what the tables, the journal and the loader say is wrong.
 */
export function loadStore(
  loader: StoreLoader,
  tables: Tables,
  readRest: (visit: PayloadVisitor) => void,
  onRow: (rows: number) => void,
): LoadedRows {
  let rows = 0;
  let replayed = 0;
  const count = (): void => {
    rows += 1;
    onRow(rows);
  };
  loader.noteSequence(tables.sequence);
  for (const { user, username, displayName, passwordHash, removed, ...inbox } of tables.users()) {
    loader.user(user, username, displayName, passwordHash);
    loader.inbox(user, inbox.lastSequence, inbox.readThrough);
    if (removed) loader.remove(user);
    count();
  }
  // In order of login, as `activeuser` lists them.
  const sessions = [...tables.sessions()].sort(
    (left, right) => left.openedAtSeconds - right.openedAtSeconds || left.order - right.order,
  );
  for (const { token, user, openedAtSeconds } of sessions) {
    loader.session(token, user, openedAtSeconds);
    count();
  }
  loadRooms(loader, tables, count);
  for (const messages of [tables.unread(), tables.roomMessages()]) {
    for (const { receiver, sender, sequence, atMs, text } of messages) {
      loader.message(receiver, sender, sequence, atMs, text);
      count();
    }
  }
  for (const { sender, key, sequence, receiver, atMs } of tables.postedKeys()) {
    if (!loader.postedKey(sender, key, sequence, receiver, atMs)) break;
    count();
  }
  readRest((payload) => {
    forEachRecord(payload, (record) => {
      loader.apply(record);
      replayed += 1;
      count();
    });
  });
  loader.finish();
  return { rows, replayed };
}

function loadRooms({ rooms }: StoreLoader, tables: Tables, count: () => void): void {
  rooms.noteNumber(tables.newestRoom);
  for (const { room, name, owner } of tables.rooms()) {
    rooms.room(room, name, owner);
    count();
  }
  // In order of joining, as the members of a room are listed, and the rooms of a user.
  const members = [...tables.members()].sort((left, right) => left.joinedSequence - right.joinedSequence);
  for (const { room, user, joinedSequence } of members) {
    rooms.member(room, user, joinedSequence);
    count();
  }
}
