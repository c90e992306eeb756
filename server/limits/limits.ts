/**
 * All limits of a server that go by who the client is: by address, account, connection and user.
 */
import { isIP } from 'node:net';
import { type CountedPlace, PasswordLimiter, placeOf } from './password-limiter';
import type { AddressRanges } from './address-ranges';
import { AddressConnections } from './address-connections';
import type { Client } from './client';
import { clientAddress } from './client-address';
import { ConnectionBudget, type FloodPolicy, UserBudgets } from './flood-budget';
import type { Logger } from '../logger';
import { RegistrationLimiter } from './registration-limiter';

export interface LimitSettings {
  /** Clients on this machine are limited too. */
  readonly limitLoopback: boolean;
  /** Requests a second; 0: any number. */
  readonly floodRequests: number;
  /** Bytes a second; 0: any number. */
  readonly floodBytes: number;
  /** Connections from one address; 0: any number. */
  readonly maxConnectionsPerAddress: number;
  /** Accounts made from one address in an hour; 0: any number. */
  readonly registrationsPerHour: number;
  /** Where proxies are that say whom they speak for. */
  readonly proxyFrom?: AddressRanges;
}

/** What somebody is held back from now, as the operator sees it. */
export interface HeldBack {
  readonly what: 'login' | 'registration';
  /** Undefined: whatever the account. `?` and some digits: a name that nobody has. */
  readonly account: string | undefined;
  /** Undefined: whatever the address. */
  readonly address: string | undefined;
  /** Failed logins that are not forgotten, or accounts made. */
  readonly count: number;
  /** Until the next attempt is let in. */
  readonly retryMs: number;
}

/** Seconds' worth of requests that may come at once: 400 with the default rate. */
const requestBurstSeconds = 8;
/** …and of bytes: 1 MiB with the default rate, which is 200 messages of the longest kind. */
const byteBurstSeconds = 16;

export class Limits {
  readonly passwords: PasswordLimiter;
  readonly registrations: RegistrationLimiter;
  readonly connections: AddressConnections;
  readonly proxies: AddressRanges | undefined;
  /** The wall clock, which what is kept across restarts goes by. Budgets do not: it may be set. */
  readonly clock: () => number;
  private readonly userBudgets: UserBudgets | undefined;

  constructor(
    private readonly settings: LimitSettings,
    private readonly log: Logger,
    clock: () => number = Date.now,
  ) {
    const { floodRequests, floodBytes, registrationsPerHour, maxConnectionsPerAddress, proxyFrom } = settings;
    this.clock = clock;
    this.passwords = new PasswordLimiter((place) => {
      this.noteHeldBack(place);
    });
    this.registrations = new RegistrationLimiter(registrationsPerHour);
    this.connections = new AddressConnections(maxConnectionsPerAddress);
    this.proxies = proxyFrom;
    const policy: FloodPolicy = {
      requests: bucketPolicy(floodRequests, requestBurstSeconds),
      bytes: bucketPolicy(floodBytes, byteBurstSeconds),
    };
    const hasBudgets = policy.requests !== undefined || policy.bytes !== undefined;
    this.userBudgets = hasBudgets ? new UserBudgets(policy) : undefined;
  }

  /** Who is at an address. */
  clientAt(addressText: string | undefined): Client {
    const address = clientAddress(addressText);
    return { ...address, isExempt: address.isLoopback && !this.settings.limitLoopback };
  }

  /** The budget of a new connection; undefined when there is none to be kept. */
  budgetFor(client: Client): ConnectionBudget | undefined {
    if (client.isExempt || this.userBudgets === undefined) return undefined;
    return new ConnectionBudget(this.userBudgets, performance.now());
  }

  /** Grows with every change that has to be kept across restarts. */
  get changes(): number {
    return this.passwords.changes + this.registrations.changes;
  }

  /** Who is held back now. */
  *heldBack(): Generator<HeldBack> {
    const nowMs = this.clock();
    for (const { name, key, failures, isHeldBack, waitMs } of this.passwords.entries(nowMs)) {
      if (!isHeldBack) continue;
      const { account, network } = placeOf(name, key);
      yield { what: 'login', account, address: network, count: failures, retryMs: waitMs };
    }
    for (const { network, left, waitMs } of this.registrations.entries(nowMs)) {
      if (waitMs === 0) continue;
      const count = Math.round(this.settings.registrationsPerHour - left);
      yield { what: 'registration', account: undefined, address: network, count, retryMs: waitMs };
    }
  }

  /** Forgets what stands against an account or an address, or against all; returns how many counters had something. */
  clear(target: string | undefined): number {
    const nowMs = this.clock();
    if (target === undefined) return this.passwords.clear({}, nowMs) + this.registrations.clear(undefined);
    const ofAccount = this.passwords.clear({ account: target.toLowerCase() }, nowMs);
    const address = target.replace(/\/64$/, '');
    if (isIP(address) === 0) return ofAccount;
    // A name may look like an address: both are meant then.
    const { network } = clientAddress(address);
    return ofAccount + this.passwords.clear({ network }, nowMs) + this.registrations.clear(network);
  }

  /** Drops what is worth nothing any more. */
  keepHouse(): void {
    const nowMs = this.clock();
    this.passwords.keepHouse(nowMs);
    this.registrations.keepHouse(nowMs);
    this.userBudgets?.keepHouse(performance.now());
  }

  private noteHeldBack({ account, network }: CountedPlace): void {
    this.log.warn({ account, address: network }, 'too many failed logins: further ones have to wait');
  }
}

function bucketPolicy(perSecond: number, burstSeconds: number): FloodPolicy['requests'] {
  return perSecond === 0 ? undefined : { perSecond, burst: perSecond * burstSeconds };
}
