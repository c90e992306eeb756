import type { TableSet } from './table-set';

/** What the parts of the audit share. */
export interface AuditContext {
  readonly tables: TableSet;
  /** By number: whether the user is live. */
  readonly users: ReadonlyMap<number, boolean>;
  /** None is newer. */
  readonly sequence: number;
  find(table: string, key: Buffer | undefined, message: string): void;
  /** Finds a user who was never created. */
  requireUser(table: string, key: Buffer, user: number): void;
  /** Finds texts that no reply may hold as they are. */
  requireTexts(table: string, key: Buffer, messages: readonly { readonly text: Uint8Array }[]): void;
  /** Finds sequences that do not ascend from `after` on, or that are newer than any can be. Returns the last. */
  checkOrder(
    table: string,
    key: Buffer,
    entries: readonly { readonly sequence: number }[],
    after: number,
  ): number;
}
