/**
 * Who is there: users with a connection that uses a session of theirs. A change is told a moment later, and not at all
 * when it was taken back meanwhile: a client that reconnects was never away.
 */

/** Somebody may be about to use several connections. */
const onlineDelayMs = 250;
/** …or to come back. */
const offlineDelayMs = 3_000;

/** Changes are told together: a whole fleet may come back at once. */
const tellIntervalMs = 250;

export type PresenceState = 'online' | 'offline';

interface Presence {
  connections: number;
  /** What was told last. */
  told: PresenceState;
  timer: NodeJS.Timeout | undefined;
}

export class PresenceTracker {
  private readonly users = new Map<number, Presence>();

  private changes = new Map<number, PresenceState>();
  private tellTimer: NodeJS.Timeout | undefined;

  constructor(private readonly tell: (changes: ReadonlyMap<number, PresenceState>) => void) {}

  /** A connection that belonged to `previous` (0 for nobody) belongs to `next` from now on. */
  move(previous: number, next: number): void {
    if (previous !== 0) this.add(previous, -1);
    if (next !== 0) this.add(next, 1);
  }

  /** Tells nothing any more. */
  stop(): void {
    for (const { timer } of this.users.values()) clearTimeout(timer);
    clearTimeout(this.tellTimer);
    this.users.clear();
    this.changes.clear();
  }

  private add(user: number, difference: number): void {
    const presence = this.users.get(user) ?? { connections: 0, told: 'offline', timer: undefined };
    this.users.set(user, presence);
    presence.connections += difference;
    const state = presence.connections > 0 ? 'online' : 'offline';
    if (presence.timer !== undefined || (presence.told === state && state === 'online')) return;
    const delayMs = state === 'online' ? onlineDelayMs : offlineDelayMs;
    presence.timer = setTimeout(() => {
      this.settle(user, presence);
    }, delayMs).unref();
  }

  private settle(user: number, presence: Presence): void {
    presence.timer = undefined;
    const state = presence.connections > 0 ? 'online' : 'offline';
    if (state !== presence.told) {
      presence.told = state;
      this.note(user, state);
    }
    if (state === 'offline') this.users.delete(user);
  }

  private note(user: number, state: PresenceState): void {
    this.changes.set(user, state);
    this.tellTimer ??= setTimeout(() => {
      const { changes } = this;
      this.tellTimer = undefined;
      this.changes = new Map();
      this.tell(changes);
    }, tellIntervalMs).unref();
  }
}
