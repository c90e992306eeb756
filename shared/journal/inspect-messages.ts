/**
 * What the inspecting process is asked, and what it answers. It only reads.
 */

export type InspectTask =
  /** Writes one user's data to standard output, as JSON lines. The tables may be in use. */
  | { readonly kind: 'export'; readonly folder: string; readonly username: string }
  /** Audits the tables as of one moment. They may be in use. */
  | { readonly kind: 'checkTables'; readonly folder: string }
  /** Audits everything: nobody else may have the data. */
  | {
      readonly kind: 'checkAll';
      readonly folder: string;
      /** What a start would make its store of: `memory` in MiB. */
      readonly memory: number;
      readonly threads: number;
      readonly maxInbox: number;
      readonly ephemeral: boolean;
    };

export interface CheckReport {
  /** What is wrong; empty when nothing is. */
  readonly findings: readonly string[];
  /** Figures for a person, as `[label, text]`. */
  readonly figures: readonly (readonly [string, string])[];
}

export type InspectAnswer =
  | { readonly kind: 'report'; readonly report: CheckReport }
  /** @property lines how many were written. */
  | { readonly kind: 'exported'; readonly lines: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
