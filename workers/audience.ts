/**
 * Who would like to hear that a user comes or goes: who shares a room with it, or has lately exchanged messages with it.
 */
import type { Audience } from '../shared/batch/tasks';
import { TextCollector } from '../shared/store/user-table';
import type { Store } from '../shared/store/store';

export function audienceOf(store: Store, user: number, candidates: readonly number[]): Audience {
  const listeners = candidates.filter(
    (candidate) => candidate !== user && store.contacts.know(user, candidate),
  );
  const username = new TextCollector();
  store.copyName(user, username);
  const displayName = new TextCollector();
  store.copyDisplayName(user, displayName);
  // Kept escaped for JSON, and on its way to be escaped again.
  return { username: username.text, displayName: JSON.parse(`"${displayName.text}"`) as string, listeners };
}
