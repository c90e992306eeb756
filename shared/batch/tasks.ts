/**
 * What the main thread asks of the pools and what comes back. All of it is structured-clonable.
 *
 * A slow command takes three steps: a chat worker begins it and defers; a hash worker does the slow part, which
 * touches neither store nor sockets and runs at a lower priority; a chat worker finishes it. So a slow command never
 * holds a lock, and never a place among the quick ones. What is looked up in history takes two: the history thread
 * answers by itself.
 */
import type { ErrorCode } from '../protocol/error-codes';
import type { TokenWords } from '../protocol/token';
import type { HistoryJob } from './history-job';
import type { SessionLifetime } from '../store/session-table';
import type { ListedUser } from '../store/store';

export type { ListedUser };

/** What is unread of a user after a sequence, for a subscriber who has been sent everything up to it. */
export interface CatchUpTask {
  readonly user: number;
  readonly token: TokenWords;
  readonly after: number;
}

export interface CaughtUp {
  /** Whole frames, in order of sequence. */
  readonly frames: string;
  /** Everything of the user's up to this sequence is in `frames`, or had been read. */
  readonly through: number;
  /** There is more after `through`. */
  readonly more: boolean;
  /** The rooms that the user is in. */
  readonly rooms: readonly number[];
  /** What has this sequence or a smaller one is in `rooms`. */
  readonly roomsAsOf: number;
  /** The journal's position that has to be on disk before the frames leave. */
  readonly position: number | undefined;
}

/** Who is to hear that a user comes or goes. */
export interface Audience {
  readonly user: number;
  readonly username: string;
  readonly displayName: string;
  readonly listeners: readonly number[];
}

/** The slow part of a command. */
export type HashJob =
  | { readonly kind: 'hash'; readonly password: string }
  /** Answers after the same time as a `verify` that fails: for users who do not exist. */
  | { readonly kind: 'verifyNobody'; readonly password: string }
  | {
      readonly kind: 'verify';
      readonly password: string;
      readonly passwordHash: string;
      /** Hashed too when the password was right. */
      readonly newPassword?: string;
    };

export interface HashOutcome {
  readonly verified: boolean;
  /** The hash of `newPassword`; of the password itself when its stored hash has outdated parameters. */
  readonly newHash?: string;
}

/** What the main thread counts a slow command as before it lets it into its slow part; see `server/limits/`. */
export type CountedAs =
  /** A password to be verified. `isKnown`: there is such an account. */
  | { readonly kind: 'password'; readonly account: string; readonly isKnown: boolean }
  | { readonly kind: 'registration' };

/** What a slow command came to, as far as limits count it. */
export type CountedOutcome = 'rightPassword' | 'wrongPassword' | 'unknownUser' | 'registered';

/** A command that waits for its slow part. */
export type Deferral = HashDeferral | HistoryDeferral;

/** `state` is the command's own and comes back as it was given. */
export interface HashDeferral {
  readonly command: string;
  readonly countedAs: CountedAs;
  readonly job: HashJob;
  readonly state: DeferredState;
}

export interface HistoryDeferral {
  readonly command: string;
  readonly historyJob: HistoryJob;
}

export type DeferredState = Readonly<Record<string, string | number>>;

/** A session whose connection is to get the user's live frames. */
export interface Subscription {
  /** What the connection is to be told first. */
  readonly reply: string;
  readonly user: number;
  readonly token: TokenWords;
}

/** What the main thread has to do at the end of a segment, before the lines that were not carried out. */
export interface SegmentRest {
  readonly segment: number;
  readonly deferral?: Deferral;
  readonly subscription?: Subscription;
}

/** What a chat worker returns for a batch: nothing when no segment has a rest. */
export type BatchResult = readonly SegmentRest[] | undefined;

/** What a thread says before it ends because a task has failed in it: it may hold locks, and must not go on. */
export interface ThreadFailure {
  readonly kind: 'threadFailure';
  readonly error: unknown;
}

/**
 * What a chat worker returns for `serve`, when it leaves its queue of batches: because it was called away, or to hand
 * over the result of the batch that it took last, which is not marked as done then.
 */
export interface ServedBatches {
  readonly threadId: number;
  readonly result: BatchResult;
}

/** Tasks for a chat worker, apart from batches, which come by its queue. */
export type ChatTask =
  /** Run the batches of the thread's queue. */
  | { readonly kind: 'serve' }
  | { readonly kind: 'finish'; readonly deferral: HashDeferral; readonly outcome: HashOutcome }
  | { readonly kind: 'hasUser'; readonly username: string }
  | { readonly kind: 'passwordHash'; readonly username: string }
  | { readonly kind: 'createUser'; readonly account: HashedAccount }
  | { readonly kind: 'removeUser'; readonly username: string }
  | { readonly kind: 'setPassword'; readonly username: string; readonly passwordHash: string }
  | { readonly kind: 'listUsers' }
  | { readonly kind: 'removeExpiredSessions' }
  /** These users have connections open: they count as active. */
  | { readonly kind: 'touchUsers'; readonly users: readonly number[] }
  | ({ readonly kind: 'catchUp' } & CatchUpTask)
  | {
      readonly kind: 'audiencesOf';
      readonly users: readonly number[];
      readonly candidates: readonly number[];
    }
  | { readonly kind: 'areValid'; readonly tokens: readonly TokenWords[] };

export interface HashedAccount {
  readonly username: string;
  readonly displayName: string;
  readonly passwordHash: string;
}

/** What a chat worker returns for `finish`. */
export interface FinishedCommand {
  readonly reply: string;
  /** The user whose session was used or opened, or 0. */
  readonly user: number;
  /** The journal's position that has to be on disk before the reply leaves; undefined when there is nothing to wait for. */
  readonly position: number | undefined;
  /** The user some of whose sessions have ended. */
  readonly endedSessionsOf?: number;
  /** Undefined when it came to nothing that counts. */
  readonly countedOutcome?: CountedOutcome | undefined;
}

/** What a chat worker returns for a change of an account. */
export interface AccountResult {
  readonly outcome: ErrorCode | 'OK';
  readonly position: number | undefined;
  /** The user whose sessions have ended. */
  readonly endedSessionsOf?: number;
}

/** What every thread of both pools is started with. */
export interface WorkerSettings {
  readonly store: SharedArrayBuffer;
  readonly batchArea: SharedArrayBuffer;
  readonly queueArea: SharedArrayBuffer;
  readonly lineBytesMax: number;
  readonly openRegistration: boolean;
  /** Whether messages are kept for `history` and `search`. */
  readonly keepsHistory: boolean;
  readonly sessionLifetime: SessionLifetime;
}
