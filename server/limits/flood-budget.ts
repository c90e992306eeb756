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
    const { own } = this;
    const ofUser = this.budgetOfUser(nowMs);
    own.refill(nowMs);
    ofUser?.refill(nowMs);
    const requestsMax = ofUser === undefined ? own.requests : Math.min(own.requests, ofUser.requests);
    const bytesMax = ofUser === undefined ? own.bytes : Math.min(own.bytes, ofUser.bytes);
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
    this.charge(requests, byteCount, ofUser);
    return isOver ? end : byteCount;
  }

  /** Charges the replies to refused requests. */
  chargeRefusals(replyBytes: number, nowMs: number): void {
    this.charge(0, replyBytes, this.budgetOfUser(nowMs));
  }

  /** Whether more bytes were taken than there was a budget for. */
  owes(nowMs: number): boolean {
    return this.own.bytes < 0 || (this.user !== 0 && this.users.of(this.user, nowMs).bytes < 0);
  }

  /** How long until it is worth being taken up again. */
  waitMs(nowMs: number): number {
    return Math.max(this.own.waitMs(nowMs), this.budgetOfUser(nowMs)?.waitMs(nowMs) ?? 0);
  }

  /** From now on requests count for this user too. */
  claim(user: number, nowMs: number): void {
    this.user = user;
    this.users.of(user, nowMs).charge(this.unclaimedRequests, this.unclaimedBytes);
    this.unclaimedRequests = 0;
    this.unclaimedBytes = 0;
  }

  private budgetOfUser(nowMs: number): Budget | undefined {
    return this.user === 0 ? undefined : this.users.of(this.user, nowMs);
  }

  private charge(requests: number, bytes: number, ofUser: Budget | undefined): void {
    this.own.charge(requests, bytes);
    if (ofUser !== undefined) {
      ofUser.charge(requests, bytes);
      return;
    }
    this.unclaimedRequests += requests;
    this.unclaimedBytes += bytes;
  }
}

const boundless: BucketPolicy = { perSecond: Infinity, burst: Infinity };

/**
 * Requests and bytes that may be taken: two token buckets in one, because every read of a limited connection passes
 * them. What is charged over them is owed, up to a burst.
 */
class Budget {
  requests: number;
  bytes: number;
  private countedMs: number;
  private readonly requestPolicy: BucketPolicy;
  private readonly bytePolicy: BucketPolicy;

  constructor(policy: FloodPolicy, nowMs: number) {
    this.requestPolicy = policy.requests ?? boundless;
    this.bytePolicy = policy.bytes ?? boundless;
    this.requests = this.requestPolicy.burst;
    this.bytes = this.bytePolicy.burst;
    this.countedMs = nowMs;
  }

  /** Adds what has come in since the last time; nothing when the clock was set back. */
  refill(nowMs: number): void {
    const seconds = (nowMs - this.countedMs) / 1_000;
    this.countedMs = nowMs;
    if (seconds <= 0) return;
    const { requestPolicy, bytePolicy } = this;
    this.requests = Math.min(requestPolicy.burst, this.requests + seconds * requestPolicy.perSecond);
    this.bytes = Math.min(bytePolicy.burst, this.bytes + seconds * bytePolicy.perSecond);
  }

  charge(requests: number, bytes: number): void {
    this.requests = Math.max(-this.requestPolicy.burst, this.requests - requests);
    this.bytes = Math.max(-this.bytePolicy.burst, this.bytes - bytes);
  }

  waitMs(nowMs: number): number {
    this.refill(nowMs);
    return Math.max(waitMs(this.requests, this.requestPolicy), waitMs(this.bytes, this.bytePolicy));
  }

  isFull(nowMs: number): boolean {
    this.refill(nowMs);
    return this.requests >= this.requestPolicy.burst && this.bytes >= this.bytePolicy.burst;
  }
}

/** How long until a bucket is worth `resumeSeconds`. */
function waitMs(tokens: number, policy: BucketPolicy): number {
  if (policy === boundless) return 0;
  const missing = policy.perSecond * resumeSeconds - tokens;
  return missing <= 0 ? 0 : Math.ceil((missing / policy.perSecond) * 1_000);
}
