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

/** Users and subscribers that one question asks about: some milliseconds of a worker, whose batches wait meanwhile. */
const askedMax = 1_024;

export class PresenceEvents {
  private readonly tracker = new PresenceTracker((changes) => {
    this.add(changes);
  });
  /** What is to be told once what is being told is: nobody is to hear of an older change after a newer one. */
  private waiting = new Map<number, PresenceState>();
  private isTelling = false;
  private hasStopped = false;

  constructor(
    private readonly live: Pick<Live, 'isWanted' | 'users' | 'tell'>,
    private readonly backend: PresenceBackend,
  ) {}

  /** A connection that belonged to `previous` (0 for nobody) belongs to `next` from now on. */
  move(previous: number, next: number): void {
    this.tracker.move(previous, next);
  }

  /** Tells nothing any more. */
  stop(): void {
    this.hasStopped = true;
    this.tracker.stop();
  }

  private add(changes: ReadonlyMap<number, PresenceState>): void {
    for (const [user, state] of changes) this.waiting.set(user, state);
    if (!this.isTelling) void this.tellWaiting();
  }

  private async tellWaiting(): Promise<void> {
    this.isTelling = true;
    while (this.waiting.size > 0) {
      const changes = this.waiting;
      this.waiting = new Map();
      try {
        await this.tell(changes);
      } catch (error) {
        this.backend.onFailure(error);
      }
    }
    this.isTelling = false;
  }

  private async tell(changes: ReadonlyMap<number, PresenceState>): Promise<void> {
    if (!this.live.isWanted) return;
    const at = new Date().toISOString();
    const subscribers = divided(this.live.users);
    for (const users of divided([...changes.keys()])) {
      for (const candidates of subscribers) {
        if (this.hasStopped) return;
        const audiences = await this.backend.audiencesOf(users, candidates);
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
  }
}

function divided(users: readonly number[]): number[][] {
  return Array.from({ length: Math.ceil(users.length / askedMax) }, (_, part) =>
    users.slice(part * askedMax, (part + 1) * askedMax),
  );
}
