/**
 * How the parts of an audit look at the words of a store and say what is wrong.
 */
import type { Layout } from './layout';

export interface AuditWords {
  readonly layout: Layout;
  /** A word; 0, and a finding, where a wild link has led out of the memory. */
  at(word: number): number;
  wide(low: number, high: number): number;
  expect(found: number, expected: number, what: string): void;
  report(finding: string): void;
  /** Claims the blocks of messages whose sequences ascend from `after`, and calls `visit` for each. */
  claimMessages(
    first: number,
    after: number,
    place: string,
    visit?: (message: number, sequence: number) => void,
  ): ClaimedMessages;
}

/** `last` is the last block; `lastSequence` is `after` where there are no messages. */
export interface ClaimedMessages {
  readonly last: number;
  readonly lastSequence: number;
  readonly messageCount: number;
  readonly blockCount: number;
}
