/**
 * Who would like to hear that a user comes or goes: those who have lately exchanged messages with the user, or share a
 * room with it. Not a large room: a thousand members who all come back would be told a million times.
 */
import type { Audience } from '../shared/batch/tasks';
import { TextCollector } from '../shared/store/text-collector';
import type { Store } from '../shared/store/store';

/** Members of a room in which presence is told. */
const presenceMembersMax = 64;

/**
 * For each of the users, which of the candidates would. What it takes goes by how many there are of both, not by how many
 * pairs they make: after a restart everybody comes back at once.
 */
export function audiencesOf(
  store: Store,
  users: readonly number[],
  candidates: readonly number[],
): Audience[] {
  const listenersOf = new Map(users.map((user) => [user, new Set<number>()]));
  const candidateSet = new Set(candidates);
  const byRoom = new Map<number, Set<number>>();
  for (const candidate of candidates) {
    store.contacts.forEachSenderTo(candidate, (sender) => listenersOf.get(sender)?.add(candidate));
    store.rooms.forEachRoomOf(candidate, ({ number, memberCount }) => {
      if (memberCount > presenceMembersMax) return;
      const found = byRoom.get(number);
      if (found === undefined) byRoom.set(number, new Set([candidate]));
      else found.add(candidate);
    });
  }
  for (const [user, listeners] of listenersOf) {
    store.contacts.forEachSenderTo(user, (sender) => {
      if (candidateSet.has(sender)) listeners.add(sender);
    });
    store.rooms.forEachRoomOf(user, ({ number }) => {
      for (const member of byRoom.get(number) ?? []) listeners.add(member);
    });
    listeners.delete(user);
  }
  return Array.from(listenersOf, ([user, listeners]) => audienceOf(store, user, listeners));
}

function audienceOf(store: Store, user: number, listeners: ReadonlySet<number>): Audience {
  const username = new TextCollector();
  store.copyName(user, username);
  const displayName = new TextCollector();
  store.copyDisplayName(user, displayName);
  // Kept escaped for JSON, and on its way to be escaped again.
  const name = JSON.parse(`"${displayName.text}"`) as string;
  return { user, username: username.text, displayName: name, listeners: [...listeners] };
}

/** The numbers of the rooms that a user is in. */
export function roomsOf(store: Store, user: number): number[] {
  const rooms: number[] = [];
  store.rooms.forEachRoomOf(user, ({ number }) => rooms.push(number));
  return rooms;
}
