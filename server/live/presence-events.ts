/**
 * Tells subscribers who comes and goes: the changes that the tracker finds, as events for those whom they concern.
 */
import type { Audience } from '../../shared/batch/tasks';
import type { Live } from './live';
import { type PresenceState, PresenceTracker } from './presence';

export interface PresenceBackend {
  /** Which of the candidates would hear of each of the users. */
  audiencesOf(users: readonly number[], candidates: readonly number[]): Promise<readonly Audience[]>;
  onFailure(error: unknown): void;
}

export class PresenceEvents {
  private readonly tracker = new PresenceTracker((changes) => {
    this.tell(changes).catch((error: unknown) => {
      this.backend.onFailure(error);
    });
  });

  constructor(
    private readonly live: Live,
    private readonly backend: PresenceBackend,
  ) {}

  /** A connection that belonged to `previous` (0 for nobody) belongs to `next` from now on. */
  move(previous: number, next: number): void {
    this.tracker.move(previous, next);
  }

  /** Tells nothing any more. */
  stop(): void {
    this.tracker.stop();
  }

  private async tell(changes: ReadonlyMap<number, PresenceState>): Promise<void> {
    if (!this.live.isWanted) return;
    const at = new Date().toISOString();
    const audiences = await this.backend.audiencesOf([...changes.keys()], this.live.users);
    this.live.tell(
      audiences.map(({ user, username, displayName, listeners }) => ({
        listeners,
        event: {
          event: 'presence',
          user: username,
          msg_from: displayName,
          state: changes.get(user)!,
          at,
        },
      })),
    );
  }
}
