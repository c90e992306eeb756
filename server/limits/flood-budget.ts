/**
 * What a connection, and a user over all connections, may ask for: requests and bytes, each a budget that refills. No
 * I/O. The policy is one for both: so many at once that whoever pastes a few hundred lines notices nothing, and then a
 * rate that nobody types at.
 *
 * What is over the budget is refused, each request with a reply of its own, and then the connection is not read from
 * until the budget is worth a second again. Refusing alone would let a client that does not listen keep the server
 * busy with saying no; not reading alone would leave a client in the dark about why it is slow. The bytes of the
 * refusals are charged to the budget too, so that small requests cannot call forth a flood of long replies: all that
 * one connection can bring about, refusals included, stays within its rate.
 */
import type { BucketPolicy } from './token-bucket';
import { TokenBucket } from './token-bucket';

export interface FloodPolicy {
  /** Undefined: any number. */
  readonly requests: BucketPolicy | undefined;
  readonly bytes: BucketPolicy | undefined;
}

const newline = 0x0a;
/** A budget is taken up again when it is worth so much: a client that waited gets a run of requests through. */
const resumeSeconds = 1;

/** The budgets of users, by number. Those that are full are not kept. */
export class UserBudgets {
  private readonly budgets = new Map<number, Budget>();

  constructor(readonly policy: FloodPolicy) {}

  get size(): number {
    return this.budgets.size;
  }

  of(user: number, nowMs: number): Budget {
    let budget = this.budgets.get(user);
    if (budget === undefined) {
      budget = new Budget(this.policy, nowMs);
      this.budgets.set(user, budget);
    }
    return budget;
  }

  keepHouse(nowMs: number): void {
    for (const [user, budget] of this.budgets) if (budget.isFull(nowMs)) this.budgets.delete(user);
  }
}

/** The budget of one connection, and of the user whose session was last used there. */
export class ConnectionBudget {
  private readonly own: Budget;
  private user = 0;
  /** Taken while no user was known; charged to the first that is. */
  private unclaimedRequests = 0;
  private unclaimedBytes = 0;

  constructor(
    private readonly users: UserBudgets,
    nowMs: number,
  ) {
    this.own = new Budget(users.policy, nowMs);
  }

  /**
   * Takes what was read, the first `byteCount` of `bytes`, as far as the budget goes: returns where the requests end
   * that are within it. An unfinished request at the end is within it as long as all before it are.
   */
  take(bytes: Uint8Array, byteCount: number, nowMs: number): number {
    const ofUser = this.budgetOfUser(nowMs);
    const requestsMax = Math.min(this.own.requestsLeft(nowMs), ofUser?.requestsLeft(nowMs) ?? Infinity);
    const bytesMax = Math.min(this.own.bytesLeft(nowMs), ofUser?.bytesLeft(nowMs) ?? Infinity);
    let requests = 0;
    let end = 0;
    let isOver = false;
    for (let at = 0; at < byteCount; at += 1) {
      if (bytes[at] !== newline) continue;
      // A request that begins within the budget is let in whole: the last may be larger than what was left.
      if (requests + 1 > requestsMax || end >= bytesMax) {
        isOver = true;
        break;
      }
      requests += 1;
      end = at + 1;
    }
    this.charge(requests, byteCount, ofUser, nowMs);
    return isOver ? end : byteCount;
  }

  /** Charges the replies to refused requests. */
  chargeRefusals(replyBytes: number, nowMs: number): void {
    this.charge(0, replyBytes, this.budgetOfUser(nowMs), nowMs);
  }

  /** Whether more bytes came than there was a budget for. */
  owes(nowMs: number): boolean {
    return this.own.bytesLeft(nowMs) < 0 || (this.budgetOfUser(nowMs)?.bytesLeft(nowMs) ?? 0) < 0;
  }

  /** How long until it is worth being taken up again. */
  waitMs(nowMs: number): number {
    return Math.max(this.own.waitMs(nowMs), this.budgetOfUser(nowMs)?.waitMs(nowMs) ?? 0);
  }

  /** From now on requests count for this user too. */
  claim(user: number, nowMs: number): void {
    this.user = user;
    this.users.of(user, nowMs).charge(this.unclaimedRequests, this.unclaimedBytes, nowMs);
    this.unclaimedRequests = 0;
    this.unclaimedBytes = 0;
  }

  private budgetOfUser(nowMs: number): Budget | undefined {
    return this.user === 0 ? undefined : this.users.of(this.user, nowMs);
  }

  private charge(requests: number, bytes: number, ofUser: Budget | undefined, nowMs: number): void {
    this.own.charge(requests, bytes, nowMs);
    if (ofUser !== undefined) {
      ofUser.charge(requests, bytes, nowMs);
      return;
    }
    this.unclaimedRequests += requests;
    this.unclaimedBytes += bytes;
  }
}

/** Requests and bytes. */
class Budget {
  private readonly requests: TokenBucket | undefined;
  private readonly bytes: TokenBucket | undefined;

  constructor(
    private readonly policy: FloodPolicy,
    nowMs: number,
  ) {
    this.requests = policy.requests && new TokenBucket(policy.requests, nowMs);
    this.bytes = policy.bytes && new TokenBucket(policy.bytes, nowMs);
  }

  requestsLeft(nowMs: number): number {
    return this.requests?.available(nowMs) ?? Infinity;
  }

  bytesLeft(nowMs: number): number {
    return this.bytes?.available(nowMs) ?? Infinity;
  }

  charge(requests: number, bytes: number, nowMs: number): void {
    this.requests?.take(requests, nowMs);
    this.bytes?.take(bytes, nowMs);
  }

  waitMs(nowMs: number): number {
    const { requests, bytes } = this.policy;
    return Math.max(
      requests === undefined ? 0 : this.requests!.waitMs(requests.perSecond * resumeSeconds, nowMs),
      bytes === undefined ? 0 : this.bytes!.waitMs(bytes.perSecond * resumeSeconds, nowMs),
    );
  }

  isFull(nowMs: number): boolean {
    const { requests, bytes } = this.policy;
    return this.requestsLeft(nowMs) >= (requests?.burst ?? 0) && this.bytesLeft(nowMs) >= (bytes?.burst ?? 0);
  }
}
