/**
 * What a command is. Adding one touches its row of the table, one handler file, its test and PROTOCOL.md.
 */
import type { HistoryJob } from '../shared/batch/history-job';
import type {
  CountedOutcome,
  DeferredState,
  HashDeferral,
  HashOutcome,
  Subscription,
} from '../shared/batch/tasks';
import type { CommandGrammar, RequestParser } from '../shared/protocol/request-parser';
import type { ReplyWriter } from '../shared/protocol/reply-writer';
import type { Store } from '../shared/store/store';
import type { StoredText } from '../shared/store/stored-text';
import type { LiveFrames } from './live-frames';

/** What a handler works with: one object a thread, filled anew for every request. */
export interface CommandContext {
  readonly store: Store;
  /** The request: what the command's row asks for has been parsed. */
  readonly request: RequestParser;
  /** The memory that the request's byte ranges point into. */
  requestBytes: Buffer;
  /** Takes exactly one reply, unless the command defers. */
  reply: ReplyWriter;
  /** The session's user, for commands that need a session. */
  user: number;
  nowMs: number;
  /** The user whose session the request used or opened, or 0. A handler that opens one sets it. */
  sessionUser: number;
  /** Whether the session that the request used is over: the request has ended it, or found it ended. */
  hasLeft: boolean;
  /** The user some of whose sessions the request has ended, or 0. Set by a `finish`. */
  endedSessionsOf: number;
  /** What subscribers are to hear of. */
  readonly live: LiveFrames;
  /** Set by a handler that has subscribed the connection to a session's live frames. */
  subscription: Subscription | undefined;
  /** What a slow command came to; set by its last step. */
  countedOutcome: CountedOutcome | undefined;
  readonly settings: CommandSettings;
  /** The text of the message in hand. */
  readonly text: StoredText;
}

export interface CommandSettings {
  readonly openRegistration: boolean;
  readonly keepsHistory: boolean;
}

interface CommandBase extends CommandGrammar {
  /** The session is looked up, and refused when there is none, before the handler runs. */
  readonly needsSession: boolean;
  /** What `help` says of it. */
  readonly summary: string;
}

/** A command that is carried out at once. */
export interface QuickCommand extends CommandBase {
  /** It walks over what there may be much of; several of one connection are not carried out in one go then. */
  readonly mayTakeLong?: boolean;
  readonly run: (context: CommandContext) => void;
}

/** A command with a slow part (see `shared/batch/tasks.ts`). */
export interface SlowCommand extends CommandBase {
  /** Replies (and returns undefined), or returns what remains to be done. */
  readonly begin: (context: CommandContext) => Omit<HashDeferral, 'command'> | undefined;
  readonly finish: (context: CommandContext, state: DeferredState, outcome: HashOutcome) => void;
}

/** A command that the history thread answers. */
export interface HistoryCommand extends CommandBase {
  /** Replies (and returns undefined), or returns what is to be looked up. */
  readonly lookUp: (context: CommandContext) => HistoryJob | undefined;
}

export type Command = QuickCommand | SlowCommand | HistoryCommand;

/** Milliseconds to the whole seconds that sessions are dated in. */
export function toSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1_000);
}
