/**
 * What has to be kept of the limits across restarts, as rows, and back. No I/O.
 *
 * ```
 *   ["pair", "ana 203.0.113.7", failures, last failure]      also "account" and "address"
 *   ["familiar", "ana 203.0.113.7", last login]
 *   ["registration", "203.0.113.7", left, counted]
 * ```
 *
 * Times are milliseconds of the wall clock. One that lies in the future, because the clock was wrong, is taken for now.
 */
import type { Limits } from './limits';
import type { CounterName } from './password-limiter';

export type LimitRow = readonly [
  kind: CounterName | 'familiar' | 'registration',
  key: string,
  ...figures: number[],
];

const figureCounts: Readonly<Record<LimitRow[0], number>> = {
  pair: 2,
  account: 2,
  address: 2,
  familiar: 1,
  registration: 2,
};

/** Two names, two addresses and a space are shorter. */
const keyCharactersMax = 160;

export function* limitRows({ passwords, registrations, clock }: Limits): Generator<LimitRow> {
  const nowMs = clock();
  for (const { name, key, count } of passwords.entries(nowMs))
    yield [name, key, count.failures, count.lastFailureMs];
  for (const [pair, lastRightMs] of passwords.familiarPairs) yield ['familiar', pair, lastRightMs];
  for (const { network, left } of registrations.entries(nowMs)) yield ['registration', network, left, nowMs];
}

/** Takes a row up. */
export function restoreRow({ passwords, registrations, clock }: Limits, row: LimitRow): void {
  const [kind, key, first = 0, second = 0] = row;
  const past = (timeMs: number): number => Math.min(timeMs, clock());
  if (kind === 'familiar') passwords.restoreFamiliar(key, past(first));
  else if (kind === 'registration') registrations.restore(key, first, past(second));
  else passwords.counters[kind].restore(key, first, past(second));
}

/** Whether something that was read is a row. */
export function isLimitRow(row: unknown): row is LimitRow {
  if (!Array.isArray(row)) return false;
  const [kind, key, ...figures] = row as readonly unknown[];
  return (
    typeof key === 'string' &&
    key.length <= keyCharactersMax &&
    figures.length === figureCounts[kind as LimitRow[0]] &&
    figures.every((figure) => typeof figure === 'number' && figure >= 0)
  );
}
