/** What tests do with rooms and look at in them. */
import type { Store } from '../../shared/store/store';
import { nameOf, textOf } from './store-values';
import { TextRuns } from './text-runs';

export function joinRoom(store: Store, user: number, room: string): string {
  return store.rooms.join(user, nameOf(room), 1_764_000_000_000);
}

export function sendToRoom(store: Store, user: number, room: string, text: string): string {
  return store.rooms.send(user, nameOf(room), textOf(text), 1_764_000_000_000);
}

export interface SeenRoom {
  readonly name: string;
  readonly number: number;
  readonly owner: number;
  readonly memberCount: number;
}

/** The rooms of a user, in order of joining. */
export function roomsOf(store: Store, user: number): SeenRoom[] {
  const seen: SeenRoom[] = [];
  store.rooms.forEachRoomOf(user, ({ room, number, owner, memberCount }) => {
    const name = new TextRuns();
    store.rooms.copyName(room, name);
    seen.push({ name: name.text, number, owner, memberCount });
  });
  return seen;
}

/** The members of a room as one of them is told, in order of joining; the outcome when there are none to tell. */
export function membersOf(store: Store, user: number, room: string, after?: string): number[] | string {
  const members: number[] = [];
  const outcome = store.rooms.forEachMember(
    user,
    nameOf(room),
    after === undefined ? undefined : nameOf(after),
    (member) => {
      members.push(member);
      return true;
    },
  );
  return outcome === 'OK' ? members : outcome;
}
