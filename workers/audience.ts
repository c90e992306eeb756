/**
 * Who would like to hear that a user comes or goes: who shares a room with it, or has lately exchanged messages with it.
 */
import type { Audience } from '../shared/batch/tasks';
import { TextCollector } from '../shared/store/user-table';
import type { Store } from '../shared/store/store';

/** Of some users, who would like to. */
export function audienceOf(store: Store, user: number, candidates: readonly number[]): Audience {
  const rooms = roomsOf(store, user);
  const sharesRoom = (candidate: number): boolean =>
    rooms.length > 0 && roomsOf(store, candidate).some((room) => rooms.includes(room));
  const listeners = candidates.filter(
    (candidate) => candidate !== user && (store.contacts.know(user, candidate) || sharesRoom(candidate)),
  );
  const username = new TextCollector();
  store.copyName(user, username);
  const displayName = new TextCollector();
  store.copyDisplayName(user, displayName);
  // Kept escaped for JSON, and on its way to be escaped again.
  return { username: username.text, displayName: JSON.parse(`"${displayName.text}"`) as string, listeners };
}

/** The numbers of the rooms that a user is in. */
export function roomsOf(store: Store, user: number): number[] {
  const rooms: number[] = [];
  store.rooms.forEachRoomOf(user, ({ number }) => rooms.push(number));
  return rooms;
}
