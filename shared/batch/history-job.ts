/**
 * What is asked of the history thread, and what it answers. All of it is structured-clonable.
 */

export type HistoryJob =
  | {
      /** A page of one conversation. */
      readonly kind: 'history';
      readonly user: number;
      /** The other user; or a room that the user is in, as its negative number. */
      readonly peer: number;
      readonly limit: number;
      /** Only what came before this sequence; undefined for the newest. */
      readonly before: number | undefined;
    }
  | {
      /** The most recent messages, sent by or to a user or said in rooms the user is in, that hold all words. */
      readonly kind: 'search';
      readonly user: number;
      /** As typed. */
      readonly words: string;
      /** The only conversation to search, as in `history`; undefined for all. */
      readonly peer: number | undefined;
      readonly before: number | undefined;
    };

export interface HistorySettings {
  /** The data directory. */
  readonly folder: string;
}

/** Jobs are answered in the order in which they are asked. */
export type HistoryRequest = { readonly kind: 'stop' } | { readonly kind: 'job'; readonly job: HistoryJob };

/** A whole reply, with its terminator; or why there is none, for the log. */
export type HistoryAnswer = { readonly reply: string } | { readonly failure: string };
