/**
 * What the journal thread and the table thread are started with, and what they tell the main thread.
 */

export type Durability = 'sync' | 'relaxed';

export interface JournalSettings {
  readonly store: SharedArrayBuffer;
  /** The data directory. */
  readonly folder: string;
  readonly durability: Durability;
  /** Given when the store is loaded already, and another journal thread has died: what the ring's position 0 stands for. */
  readonly ringOrigin?: number;
}

/** What was found on disk. Positions are counts of words since the data directory began. */
export interface LoadSummary {
  /** Users, sessions, messages and records together. */
  readonly rows: number;
  /** Records of the journal that the tables had not taken over. */
  readonly replayed: number;
  /** What the ring's position 0 stands for. */
  readonly endPosition: number;
}

export type JournalMessage =
  | { readonly kind: 'progress'; readonly rows: number }
  | { readonly kind: 'loaded'; readonly summary: LoadSummary }
  /** All that was published when the thread began is on disk. */
  | { readonly kind: 'ready' }
  /** The thread ends: it cannot go on. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** The disk takes nothing; the thread goes on trying. */
  | { readonly kind: 'failing'; readonly code: string; readonly message: string }
  | { readonly kind: 'recovered' }
  | { readonly kind: 'stopped' };

export interface TableSettings {
  readonly store: SharedArrayBuffer;
  readonly folder: string;
  /** What the ring's position 0 stands for. */
  readonly ringOrigin: number;
  /** Days that read messages are kept; 0 for no history. */
  readonly historyDays: number;
  /** Whether what is too old, or too much, is forgotten. */
  readonly keepsHouse: boolean;
}

export type TableRequest =
  | { readonly kind: 'stop' }
  /** Copies the data to an empty or missing folder. */
  | { readonly kind: 'backup'; readonly id: number; readonly target: string }
  /** Brings into the tables all that is on disk. */
  | { readonly kind: 'catchUp'; readonly id: number };

/** Why a request was not carried out. */
export interface TableFailure {
  readonly code: string;
  readonly message: string;
}

export type TableMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failing'; readonly code: string; readonly message: string }
  | { readonly kind: 'recovered' }
  | { readonly kind: 'done'; readonly id: number; readonly error?: TableFailure }
  | { readonly kind: 'stopped' };
