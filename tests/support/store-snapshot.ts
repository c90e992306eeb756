/** What a store says of its users, sessions, rooms and inboxes through its own operations: its logical state. */
import { formatMessageId } from '../../shared/protocol/message-id';
import { Store } from '../../shared/store/store';
import { LoneMemory } from './crashing-memory';
import { takeMessages, type TakenMessage } from './inbox-collector';
import { membersOf, roomsOf, type SeenRoom } from './room-values';
import { ignoreLongWaits, keyOf, nameOf, textOf, tokenOf } from './store-values';
import { TextRuns } from './text-runs';

export interface StoreSnapshot {
  readonly users: Readonly<
    Record<
      string,
      {
        user: number;
        passwordHash: string;
        displayName: string;
        rooms: readonly (SeenRoom & { members: readonly number[] | string })[];
        unread: readonly TakenMessage[];
      }
    >
  >;
  /** Token number to user, of the valid sessions. */
  readonly sessions: Readonly<Record<number, number>>;
  /** Users in order of login. */
  readonly active: readonly number[];
  /** Of the first user's keys, the ids that those lead to which are remembered. */
  readonly keys: Readonly<Record<string, string>>;
}

const snapshotThread = 1_000_001;
/** Within a day of all that tests post. */
const keysAskedAtMs = 1_764_000_001_000;

/** Into `copy`, if one is given that may be used again. */
export function copyStore(
  buffer: SharedArrayBuffer,
  copy: SharedArrayBuffer = new SharedArrayBuffer(buffer.byteLength),
): SharedArrayBuffer {
  new Int32Array(copy).set(new Int32Array(buffer));
  return copy;
}

/** Looks at a copy (in `scratch`): reading an inbox empties it. A thread slot must be free. `keys` are the first user's. */
export function snapshotOf(
  buffer: SharedArrayBuffer,
  names: readonly string[],
  tokenNumbers: readonly number[],
  scratch?: SharedArrayBuffer,
  keys: readonly string[] = [],
): StoreSnapshot {
  const store = Store.attach(new LoneMemory(copyStore(buffer, scratch)), snapshotThread, ignoreLongWaits);
  const users: Record<string, StoreSnapshot['users'][string]> = {};
  const sessions: Record<number, number> = {};
  for (const name of names) {
    const credentials = store.credentialsOf(nameOf(name));
    if (credentials === undefined) continue;
    const { user, passwordHash } = credentials;
    const display = new TextRuns();
    store.copyDisplayName(user, display);
    const rooms = roomsOf(store, user).map((room) => ({
      ...room,
      members: membersOf(store, user, room.name),
    }));
    users[name] = {
      user,
      passwordHash,
      displayName: display.text,
      rooms,
      unread: takeMessages(store, user),
    };
  }
  for (const number of tokenNumbers) {
    const user = store.useSession(tokenOf(number), 1);
    if (user !== 0) sessions[number] = user;
  }
  return { users, sessions, active: activeUsers(store), keys: knownKeys(store, keys) };
}

/** Tries each of the first user's keys on a post that cannot be delivered. */
function knownKeys(store: Store, keys: readonly string[]): Record<string, string> {
  const known: Record<string, string> = {};
  for (const key of keys) {
    const outcome = store.mail.send(1, nameOf('nobody-at-all'), textOf('x'), keysAskedAtMs, keyOf(key));
    const { sequence, receiver } = store.posts.delivered;
    if (outcome === 'OK') known[key] = formatMessageId(sequence, receiver);
  }
  return known;
}

/** In order of login. At second 0 everybody who is logged in counts as having been there lately. */
export function activeUsers(store: Store, nowSeconds = 0): number[] {
  const users: number[] = [];
  store.forEachActive(nowSeconds, (user) => {
    users.push(user);
    return true;
  });
  return users;
}
