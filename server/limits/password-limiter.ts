/**
 * Decides whether a password may be tried: before it is hashed, and so for next to nothing. No I/O.
 *
 * Failures are counted three times, and an attempt has to pass all the counters that it is counted by:
 *
 * | by                       | free | one is forgotten | longest delay | stops                                         |
 * | ------------------------ | ---- | ---------------- | ------------- | --------------------------------------------- |
 * | account and address      | 5    | in 10 min        | 15 min        | who tries one account                         |
 * | account, from everywhere | 20   | in 5 min         | 1 min         | many addresses that try one account           |
 * | address, every account   | 50   | in 30 s          | 1 min         | one address that tries many accounts          |
 *
 * **A victim is not locked out of where it usually is.** An address from which an account has logged in during the last
 * 30 days is *familiar* to it, and the two are judged by their own counter alone: failures elsewhere do not touch them,
 * nor do failures of others behind the same address. Somebody who has not logged in from an address before waits a
 * minute at most for a turn while an attack goes on. Sessions are not concerned at all: tokens go on working.
 *
 * **A whole address is not locked out for the fault of one.** Whoever keeps failing with one account is held back by
 * the pair's counter, and what is held back does not count: alone it comes to some six failures an hour, and the
 * address forgets two a minute. Only many accounts tried from one address hold it back, and even then the accounts that
 * it is familiar to go on. A success takes nothing off the address's count: otherwise an attacker with one account of
 * his own would log in now and then and go on for ever. It does clear its own pair's count.
 *
 * **Nobody can tell accounts from names that nobody has.** Both are counted alike. A name that nobody has is kept as a
 * keyed hash: people type passwords in its place, and it stands in the log, in a file, and in the operator's list.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { CountedAs, CountedOutcome } from '../../shared/batch/tasks';
import { FailureCounter, type FailureEntry } from './failure-counter';
import { RecentMap } from './recent-map';

const secondMs = 1_000;
const minuteMs = 60_000;
const familiarMs = 30 * 24 * 60 * minuteMs;
const familiarMax = 16_384;

export type TriedPassword = Extract<CountedAs, { readonly kind: 'password' }>;

/** What one counter is about. Of a pair both are given. */
export interface CountedPlace {
  /** An account's name, or `?` and some digits for a name that nobody has. */
  readonly account?: string;
  readonly network?: string;
}

/** Told when a counter begins to hold attempts back. */
export type HoldBackListener = (place: CountedPlace) => void;

/** An attempt that was let in; see `PasswordLimiter.end`. */
export interface PasswordAttempt {
  readonly place: Required<CountedPlace>;
  readonly isFamiliar: boolean;
}

export const counterNames = ['pair', 'account', 'address'] as const;
export type CounterName = (typeof counterNames)[number];

export class PasswordLimiter {
  readonly counters: Readonly<Record<CounterName, FailureCounter>> = {
    pair: new FailureCounter({ freeFailures: 5, forgetMs: 10 * minuteMs, delayMsMax: 15 * minuteMs }),
    account: new FailureCounter({ freeFailures: 20, forgetMs: 5 * minuteMs, delayMsMax: minuteMs }),
    address: new FailureCounter({ freeFailures: 50, forgetMs: 30 * secondMs, delayMsMax: minuteMs }),
  };
  /** When an account last logged in from an address, by pair. */
  private readonly familiar = new RecentMap<number>(familiarMax);
  private nameKey = randomBytes(32);
  /** Grows with every change that has to be kept across restarts. */
  changes = 0;

  constructor(private readonly onHoldBack: HoldBackListener) {}

  /** Lets an attempt begin, which is to be ended; or says how long to wait. */
  begin(
    tried: TriedPassword,
    network: string,
    nowMs: number,
  ): PasswordAttempt | { readonly retryMs: number } {
    const place = { account: this.accountKey(tried), network };
    const pair = pairKey(place);
    const lastRightMs = this.familiar.get(pair);
    const isFamiliar = lastRightMs !== undefined && nowMs - lastRightMs < familiarMs;
    const attempt = { place, isFamiliar };
    let retryMs = 0;
    for (const [counter, key] of this.countersOf(attempt))
      retryMs = Math.max(retryMs, counter.waitMs(key, nowMs));
    if (retryMs > 0) return { retryMs };
    for (const [counter, key] of this.countersOf(attempt)) counter.begin(key);
    return attempt;
  }

  /** @param outcome undefined when no password was verified. */
  end(attempt: PasswordAttempt, outcome: CountedOutcome | undefined, nowMs: number): void {
    const { place } = attempt;
    if (outcome !== undefined) this.changes += 1;
    const isFailure = outcome === 'wrongPassword' || outcome === 'unknownUser';
    for (const [counter, key, counted] of this.countersOf(attempt)) {
      if (!isFailure) counter.end(key);
      else if (counter.fail(key, nowMs)) this.onHoldBack(counted);
    }
    if (outcome !== 'rightPassword') return;
    this.counters.pair.clear(pairKey(place));
    this.familiar.set(pairKey(place), nowMs);
  }

  /** What stands against whom now. */
  *entries(nowMs: number): Generator<FailureEntry & { readonly name: CounterName }> {
    for (const name of counterNames)
      for (const entry of this.counters[name].entries(nowMs)) yield { ...entry, name };
  }

  /** Forgets the failures of an account, of a network, or of all; returns how many counters had some. */
  clear(target: CountedPlace, nowMs: number): number {
    const isOf = ({ account, network }: CountedPlace): boolean =>
      (target.account === undefined || this.isAccount(account, target.account)) &&
      (target.network === undefined || target.network === network);
    let cleared = 0;
    for (const { name, key } of [...this.entries(nowMs)])
      if (isOf(placeOf(name, key)) && this.counters[name].clear(key)) cleared += 1;
    this.changes += cleared;
    return cleared;
  }

  keepHouse(nowMs: number): void {
    for (const name of counterNames) this.counters[name].keepHouse(nowMs);
    for (const [pair, lastRightMs] of this.familiar)
      if (nowMs - lastRightMs >= familiarMs) this.familiar.delete(pair);
  }

  /** What has to be kept across restarts, beside the counters. */
  get familiarPairs(): Iterable<[pair: string, lastRightMs: number]> {
    return this.familiar;
  }

  restoreFamiliar(pair: string, lastRightMs: number): void {
    this.familiar.set(pair, lastRightMs);
  }

  get nameKeyHex(): string {
    return this.nameKey.toString('hex');
  }

  set nameKeyHex(hex: string) {
    this.nameKey = Buffer.from(hex, 'hex');
  }

  private *countersOf({
    place,
    isFamiliar,
  }: PasswordAttempt): Generator<[counter: FailureCounter, key: string, counted: CountedPlace]> {
    const { account, network } = place;
    yield [this.counters.pair, pairKey(place), place];
    if (isFamiliar) return;
    yield [this.counters.account, account, { account }];
    yield [this.counters.address, network, { network }];
  }

  private accountKey({ account, isKnown }: Omit<TriedPassword, 'kind'>): string {
    if (isKnown) return account;
    return `?${createHmac('sha256', this.nameKey).update(account).digest('hex').slice(0, 16)}`;
  }

  private isAccount(key: string | undefined, account: string): boolean {
    return key === account || key === this.accountKey({ account, isKnown: false });
  }
}

/** Neither names nor addresses hold spaces. */
function pairKey({ account, network }: Required<CountedPlace>): string {
  return `${account} ${network}`;
}

/** What a counter's key is about. */
export function placeOf(name: CounterName, key: string): CountedPlace {
  if (name === 'account') return { account: key };
  if (name === 'address') return { network: key };
  const [account = '', network = ''] = key.split(' ');
  return { account, network };
}
