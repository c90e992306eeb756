/**
 * What the main thread asks of the pools and what comes back. All of it is structured-clonable.
 *
 * A slow command takes three steps: a chat worker begins it and defers; a hash worker does the slow part, which
 * touches neither store nor sockets and runs at a lower priority; a chat worker finishes it. So a slow command never
 * holds a lock, and never a place among the quick ones.
 */
import type { ErrorCode } from '../protocol/error-codes';
import type { SessionLifetime } from '../store/session-table';
import type { ListedUser } from '../store/store';

export type { ListedUser };

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

/** A command that waits for its slow part. `state` is the command's own and comes back as it was given. */
export interface Deferral {
  readonly command: string;
  readonly job: HashJob;
  readonly state: DeferredState;
}

export type DeferredState = Readonly<Record<string, string | number>>;

/** What a chat worker returns for a batch: nothing when no segment was deferred, else each deferred segment's rest. */
export type BatchResult = readonly { readonly segment: number; readonly deferral: Deferral }[] | undefined;

/** What a thread says before it ends because a task has failed in it: it may hold locks, and must not go on. */
export interface ThreadFailure {
  readonly kind: 'threadFailure';
  readonly error: unknown;
}

/** Tasks for a chat worker. A number is the batch slot to run. */
export type ChatTask =
  | number
  | { readonly kind: 'finish'; readonly deferral: Deferral; readonly outcome: HashOutcome }
  | { readonly kind: 'hasUser'; readonly username: string }
  | { readonly kind: 'passwordHash'; readonly username: string }
  | { readonly kind: 'createUser'; readonly account: HashedAccount }
  | { readonly kind: 'removeUser'; readonly username: string }
  | { readonly kind: 'setPassword'; readonly username: string; readonly passwordHash: string }
  | { readonly kind: 'listUsers' }
  | { readonly kind: 'removeExpiredSessions' }
  /** These users have connections open: they count as active. */
  | { readonly kind: 'touchUsers'; readonly users: readonly number[] };

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
}

/** What a chat worker returns for a change of an account. */
export interface AccountResult {
  readonly outcome: ErrorCode | 'OK';
  readonly position: number | undefined;
}

/** What every thread of both pools is started with. */
export interface WorkerSettings {
  readonly store: SharedArrayBuffer;
  readonly batchArea: SharedArrayBuffer;
  readonly lineBytesMax: number;
  readonly openRegistration: boolean;
  readonly sessionLifetime: SessionLifetime;
}
